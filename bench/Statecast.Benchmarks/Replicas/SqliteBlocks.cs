using System.Diagnostics;
using Statecast.Benchmarks.Harness;
using Statecast.Sqlite;

namespace Statecast.Benchmarks.Replicas;

/// <summary>The ways to hold a replica in an SQLite file. Each block applies all events to a new file. Figure: events a second.</summary>
/// <param name="events">The events.</param>
/// <param name="arriving">The most that has arrived whenever the target asks.</param>
/// <param name="batch">The batches of the one that is written by hand.</param>
/// <param name="directory">Where the files are made.</param>
internal sealed class SqliteBlocks(ReplicaEvents events, int arriving, int batch, string directory)
{
    private int _files;

    public async Task<double[]> StatecastAsync()
    {
        var path = NextPath();
        var found = await ReplicaHost.ApplyAsync(events, arriving, r => r.InSqlite(path), () => []);
        Remove(path);
        return found;
    }

    public double[] Sorted()
    {
        var path = NextPath();
        double rate;
        using (var file = new SortedSqlite(path))
        {
            var started = Stopwatch.GetTimestamp();
            for (var at = 0; at < events.Events.Length; at += batch)
                file.Apply(events.Events.AsSpan(at, Math.Min(batch, events.Events.Length - at)));
            rate = events.Events.Length / (Figure.Micros(started, Stopwatch.GetTimestamp()) / 1e6);
        }
        Remove(path);
        return [rate];
    }

    private string NextPath() => Path.Combine(directory, $"replica-{Environment.ProcessId}-{arriving}-{_files++}.db");

    private static void Remove(string path)
    {
        foreach (var suffix in (string[])["", "-wal", "-shm", ".lock"])
            File.Delete(path + suffix);
    }
}
