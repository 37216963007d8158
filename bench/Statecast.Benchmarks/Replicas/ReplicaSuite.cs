using Statecast.Benchmarks.Harness;

namespace Statecast.Benchmarks.Replicas;

/// <summary>Replicas that take a million events of about 1 KB on 200,000 keys, in memory and in a file.</summary>
internal sealed class ReplicaSuite : ISuite
{
    private const int Keys = 200_000;
    private const int Count = 1_000_000;

    public string Name => "replica";

    public async IAsyncEnumerable<Row> RunAsync(QuickContext context)
    {
        var events = new ReplicaEvents(Keys, Count);
        if (context.Wants("memory"))
            foreach (var row in await MemoryAsync(context, events))
                yield return row;
        if (context.Wants("steady"))
            yield return await SqliteAsync(context, events, "steady, 1,000 at a time", arriving: 1_000, batch: 1_000);
        if (context.Wants("catching-up"))
            yield return await SqliteAsync(context, events, "catching up", arriving: int.MaxValue, batch: 50_000);
    }

    private async Task<Row> SqliteAsync(QuickContext context, ReplicaEvents events, string how, int arriving, int batch)
    {
        await context.Progress.WriteLineAsync($"  SQLite, {how}");
        var blocks = new SqliteBlocks(events, arriving, batch, context.Scratch);
        Contender[] contenders = [new("ours", blocks.StatecastAsync), new("sorted", blocks.Sorted)];
        var found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        var sorted = new Reference($"hand-written sorted batches of {batch:#,0}", found[1][0]);
        return new(Name, $"SQLite: apply, {how}", "events/s", Better.Higher, found[0][0], null, sorted)
        {
            Aim = new("≥ 0.9 × the sorted batches", 0.9 * sorted.Value),
        };
    }

    private async Task<Row[]> MemoryAsync(QuickContext context, ReplicaEvents events)
    {
        await context.Progress.WriteLineAsync("  memory");
        var blocks = new MemoryBlocks(events);
        Contender[] contenders =
        [
            new("ours", blocks.StatecastAsync),
            new("slab", blocks.Slab),
            new("bytes", blocks.Bytes),
            new("objects", blocks.Objects),
        ];
        var found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        var (ours, slab, bytes, objects) = (found[0], found[1], found[2], found[3]);
        Reference slabs(int figure) => new("hand-written slab of bytes", slab[figure]);
        return
        [
            new(Name, "memory: apply", "events/s", Better.Higher, ours[0], new("ConcurrentDictionary of bytes", bytes[0]), slabs(0))
            {
                Aim = new("≥ 0.7 × the slab", 0.7 * slab[0]),
            },
            new(Name, "memory: apply", "events/s", Better.Higher, ours[0], new("ConcurrentDictionary of objects", objects[0]), null),
            new(Name, "memory: allocated an event", "B", Better.Lower, ours[1], new("ConcurrentDictionary of bytes", bytes[1]), slabs(1))
            {
                Aim = new("≤ 64 B above the slab", slab[1] + 64),
            },
            new(
                Name,
                "memory: processor time an event",
                "ns",
                Better.Lower,
                ours[2],
                new("ConcurrentDictionary of bytes", bytes[2]),
                slabs(2)
            ),
            new(
                Name,
                "memory: point read, bytes copied",
                "ns",
                Better.Lower,
                ours[3],
                new("ConcurrentDictionary of bytes", bytes[3]),
                slabs(3)
            ),
            new(Name, "memory: point read to the bytes", "ns", Better.Lower, ours[4], null, slabs(4)) { Aim = new("≤ 150 ns", 150) },
        ];
    }
}
