using System.Diagnostics;

namespace Statecast.Benchmarks.Harness;

/// <summary>Measures a block in this process: events a second, processor µs and bytes allocated an event. The broker is another process.</summary>
internal static class Metered
{
    /// <param name="count">How many events.</param>
    /// <param name="work">Moves them.</param>
    public static Task<double[]> RunAsync(int count, Func<Task> work) =>
        RunAsync(
            count,
            async done =>
            {
                await work();
                done();
            }
        );

    /// <param name="count">How many events.</param>
    /// <param name="work">Moves them, and says when the last was: what closes things afterwards is nobody's.</param>
    public static async Task<double[]> RunAsync(int count, Func<Action, Task> work)
    {
        double[] found = [];
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var used = Process.GetCurrentProcess().TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        await Task.Run(() =>
            work(() =>
            {
                var ended = Stopwatch.GetTimestamp();
                found =
                [
                    count / (Figure.Micros(started, ended) / 1e6),
                    (Process.GetCurrentProcess().TotalProcessorTime - used).TotalMicroseconds / count,
                    (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)count,
                ];
            })
        );
        return found;
    }
}
