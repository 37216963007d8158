using System.Diagnostics;
using Statecast.Benchmarks.Harness;

namespace Statecast.Benchmarks.Log;

/// <summary>What one synced commit costs here: SQLite, WAL, FULL, one small row; and beside it the bare sync of as many bytes.</summary>
internal sealed class SyncedCommit(string directory)
{
    private const int Commits = 100;

    /// <returns>Milliseconds: the median commit.</returns>
    public double[] Commit()
    {
        using var connection = LogFile.Open(Path.Combine(directory, "synced.db"), "FULL");
        LogFile.Execute(connection, "CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, value INTEGER NOT NULL)");
        using var write = LogFile.Prepare(connection, "INSERT OR REPLACE INTO row (id, value) VALUES (1, @value)", "@value");
        return
        [
            Median(i =>
            {
                write.Parameters[0].Value = i;
                write.ExecuteNonQuery();
            }),
        ];
    }

    /// <returns>Milliseconds: the median sync of a page written at the end of a file.</returns>
    public double[] BareSync()
    {
        using var file = File.OpenHandle(Path.Combine(directory, "synced.bin"), FileMode.Create, FileAccess.Write);
        var page = new byte[4096 + 24];
        return
        [
            Median(i =>
            {
                RandomAccess.Write(file, page, (long)i * page.Length);
                RandomAccess.FlushToDisk(file);
            }),
        ];
    }

    // At the pace of the latency cases: disks answer a lone sync otherwise than a stream of them.
    private static double Median(Action<int> step)
    {
        var millis = new double[Commits];
        for (var i = 0; i < Commits; i++)
        {
            Thread.Sleep(10);
            var started = Stopwatch.GetTimestamp();
            step(i);
            millis[i] = Figure.Micros(started, Stopwatch.GetTimestamp()) / 1000;
        }
        return Figure.Median(millis);
    }
}
