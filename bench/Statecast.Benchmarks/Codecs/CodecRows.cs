using System.Diagnostics;
using Statecast.Benchmarks.Harness;

namespace Statecast.Benchmarks.Codecs;

/// <summary>What a codec comparison is called.</summary>
/// <param name="Suite">The suite.</param>
/// <param name="Case">What is done.</param>
/// <param name="Other">Who is compared with.</param>
/// <param name="IsLimit">Whether that is the limit, else a peer.</param>
internal sealed record CodecCase(string Suite, string Case, string Other, bool IsLimit = false);

/// <summary>Two ways of the same encode or decode.</summary>
internal static class CodecRows
{
    private const int Operations = 2_000;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    /// <returns>Time, and bytes allocated.</returns>
    public static async Task<Row[]> CompareAsync(QuickContext context, CodecCase of, Func<int> ours, Func<int> other)
    {
        await context.Progress.WriteLineAsync($"  {of.Case}");
        Contender[] contenders = [new("ours", () => Block(ours)), new(of.Other, () => Block(other))];
        // Unmeasured, until the compiler's last tier has taken over: it waits until nothing new was compiled for a while, however short the work is.
        for (var since = Stopwatch.StartNew(); since.Elapsed < WarmUp; )
            await Interleaved.MediansAsync(contenders, 20, TextWriter.Null);
        // Many short blocks: what disturbs one contender disturbs its neighbour in time as well.
        var medians = await Interleaved.MediansAsync(contenders, 20 * context.Rounds + 1, context.Progress);
        return [Of(0, "time", "ns"), Of(1, "allocated", "B")];

        Row Of(int figure, string what, string unit)
        {
            var reference = new Reference(of.Other, medians[1][figure]);
            return new(
                of.Suite,
                $"{of.Case}: {what}",
                unit,
                Better.Lower,
                medians[0][figure],
                of.IsLimit ? null : reference,
                of.IsLimit ? reference : null
            );
        }
    }

    private static double[] Block(Func<int> work)
    {
        long used = 0;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Operations; i++)
            used += work();
        var ended = Stopwatch.GetTimestamp();
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        GC.KeepAlive(used);
        return [Figure.Micros(started, ended) * 1000 / Operations, Math.Round(allocated / (double)Operations)];
    }
}
