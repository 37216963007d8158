using Statecast.Benchmarks.Harness;

namespace Statecast.Benchmarks.Replicas;

/// <summary>Whether applying to a replica in memory stays fast as it grows.</summary>
internal sealed class GrowthSuite : ISuite
{
    private static readonly int[] KeyCounts = [10_000, 100_000, 1_000_000];

    public string Name => "growth";

    public async IAsyncEnumerable<Row> RunAsync(QuickContext context)
    {
        foreach (var keys in KeyCounts)
        {
            if (!context.Wants(FormattableString.Invariant($"{keys}")))
                continue;
            var name = FormattableString.Invariant($"apply at {keys:#,0} keys");
            await context.Progress.WriteLineAsync($"  {name}");
            var blocks = new MemoryBlocks(new(keys, Math.Max(1_000_000, 2 * keys)));
            Contender[] contenders = [new("ours", blocks.StatecastAsync), new("slab", blocks.Slab)];
            var found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
            var slab = new Reference("hand-written slab of bytes", found[1][0]);
            yield return new(Name, name, "events/s", Better.Higher, found[0][0], null, slab)
            {
                Aim = new("≥ 0.7 × the slab", 0.7 * slab.Value),
            };
            var read = FormattableString.Invariant($"point read to the bytes at {keys:#,0} keys");
            var bytes = new Reference("hand-written slab of bytes", found[1][4]);
            yield return new(Name, read, "ns", Better.Lower, found[0][4], null, bytes) { Aim = new("≤ 150 ns", 150) };
        }
    }
}
