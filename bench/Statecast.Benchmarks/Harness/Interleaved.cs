using System.Diagnostics;

namespace Statecast.Benchmarks.Harness;

/// <summary>One way of doing the measured work.</summary>
/// <param name="Name">For progress.</param>
/// <param name="Block">Does one block of the work and returns its figures, always the same ones in the same order.</param>
internal sealed record Contender(string Name, Func<Task<double[]>> Block)
{
    /// <summary>A contender whose block does not wait.</summary>
    public Contender(string name, Func<double[]> block)
        : this(name, () => Task.FromResult(block())) { }
}

/// <summary>Runs contenders in turn, so that whatever else the machine does falls on all of them.</summary>
internal static class Interleaved
{
    /// <summary>Runs unmeasured blocks of each, then rounds of one block each, the order turned by one every round.</summary>
    /// <param name="contenders">Who runs.</param>
    /// <param name="rounds">How often each is measured.</param>
    /// <param name="progress">Where it is told.</param>
    /// <param name="warmUps">Unmeasured blocks of each: as many as its code takes to be compiled for good, which happens while it runs.</param>
    /// <returns>Per contender the median of every figure.</returns>
    public static async Task<double[][]> MediansAsync(IReadOnlyList<Contender> contenders, int rounds, TextWriter progress, int warmUps = 1)
    {
        var figures = contenders.Select(_ => new List<double[]>()).ToArray();
        for (var warmUp = 0; warmUp < warmUps; warmUp++)
            foreach (var contender in contenders)
                await contender.Block();
        for (var round = 0; round < rounds; round++)
        {
            for (var turn = 0; turn < contenders.Count; turn++)
            {
                var i = (turn + round) % contenders.Count;
                Settle();
                figures[i].Add(await contenders[i].Block());
            }
            if ((round + 1) % Math.Max(1, rounds / 5) == 0 || round + 1 == rounds)
            {
                var shown = contenders.Select((c, i) => $"{c.Name} {string.Join(" / ", figures[i][^1].Select(Figure.Short))}");
                await progress.WriteLineAsync($"    round {round + 1} of {rounds}: {string.Join(", ", shown)}");
            }
        }
        return [.. figures.Select(MedianOfEach)];
    }

    private static double[] MedianOfEach(List<double[]> blocks) =>
        [.. Enumerable.Range(0, blocks[0].Length).Select(i => Figure.Median(blocks.Select(b => b[i])))];

    // What one contender left to the collector is not the next one's cost.
    private static void Settle()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }
}

/// <summary>Sums up samples.</summary>
internal static class Figure
{
    public static double Median(IEnumerable<double> samples) => Percentile([.. samples.Order()], 50);

    /// <summary>The nearest-rank percentile of sorted samples.</summary>
    public static double Percentile(IReadOnlyList<double> sorted, double percent)
    {
        if (sorted.Count == 0)
            throw new ArgumentException("There are no samples.", nameof(sorted));
        var rank = (int)Math.Ceiling(percent / 100 * sorted.Count);
        return sorted[Math.Clamp(rank - 1, 0, sorted.Count - 1)];
    }

    /// <summary>Microseconds between two stamps of <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public static double Micros(long from, long to) => (to - from) * 1e6 / Stopwatch.Frequency;

    /// <summary>Four significant digits: more would be noise.</summary>
    public static double Round(double value)
    {
        if (value == 0 || !double.IsFinite(value))
            return value;
        var digits = 3 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return digits >= 0 ? Math.Round(value, Math.Min(digits, 15)) : Math.Round(value);
    }

    public static string Short(double value) => FormattableString.Invariant($"{Round(value):#,0.###}");
}
