using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Replicas;

namespace Statecast.Benchmarks.Kafka;

/// <summary>
/// A million events of about 1 KB on 200,000 keys over a real broker: sent and made replicas of, beside the bare client in the same run. Broker and both
/// sides share this machine, so the rates are this machine's; the ratios are what is aimed at.
/// </summary>
internal sealed class KafkaSuite : ISuite
{
    private const int Million = 1_000_000;
    private const int PacedOrders = 300;
    private const int PacedRate = 100;

    public string Name => "kafka";

    public async IAsyncEnumerable<Row> RunAsync(QuickContext context)
    {
        using var broker = await KafkaBroker.FindAsync(context.Scratch);
        if (broker is null)
        {
            await context.Progress.WriteLineAsync("  skipped: neither STATECAST_KAFKA nor KAFKA_HOME says where a broker is");
            yield break;
        }
        var count = context.Events ?? Million;
        // First: what other parts hold in memory would be counted in.
        if (context.Wants("bootstrap"))
            foreach (var row in await BootstrapAsync(context, broker, count))
                yield return row;
        if (context.Wants("latency"))
            foreach (var row in await LatencyAsync(context, broker))
                yield return row;
        string[] parts = ["source", "target", "memory", "peer", "sqlite"];
        if (parts.Any(context.Wants))
        {
            var events = new KafkaEvents(Math.Max(1, count / 5), count);
            if (context.Wants("source"))
                foreach (var row in await SendAsync(context, broker, events))
                    yield return row;
            if (parts[1..].Any(context.Wants))
                await foreach (var row in ReadAsync(context, broker, events))
                    yield return row;
        }
        await broker.RemoveAsync(KafkaEvents.Topic, KafkaEvents.Control, SendBlocks.Bare, ReadBlocks.Avro, BareLatency.Topic);
    }

    private async Task<Row[]> SendAsync(QuickContext context, KafkaBroker broker, KafkaEvents events)
    {
        await context.Progress.WriteLineAsync($"  source: {events.Events.Length:N0} events");
        var blocks = new SendBlocks(broker, events);
        Contender[] contenders =
        [
            new("ours", blocks.StatecastAsync),
            new("bare", blocks.BareAsync),
            new("bare with headers", blocks.BareWithHeadersAsync),
        ];
        var found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        Reference bare(int figure) => new("bare Produce with a handler", found[1][figure]);
        Reference headers(int figure) => new("bare Produce with our headers", found[2][figure]);
        return
        [
            new(Name, "source: send", "events/s", Better.Higher, found[0][0], headers(0), bare(0))
            {
                Aim = new("≥ 0.85 × bare", 0.85 * found[1][0]),
            },
            new(Name, "source: processor time", "µs/event", Better.Lower, found[0][1], headers(1), bare(1)),
            new(Name, "source: allocated", "B/event", Better.Lower, found[0][2], headers(2), bare(2)),
        ];
    }

    private async IAsyncEnumerable<Row> ReadAsync(QuickContext context, KafkaBroker broker, KafkaEvents events)
    {
        await new SendBlocks(broker, events).StatecastAsync();
        var blocks = new ReadBlocks(broker, events.Events.Length, context.Scratch);
        if (Wants(context, "memory"))
            foreach (var row in await ReadIntoMemoryAsync(context, blocks))
                yield return row;
        if (Wants(context, "peer"))
            yield return await ReadBesidePeerAsync(context, blocks, events);
        if (Wants(context, "sqlite"))
            yield return await ReadIntoSqliteAsync(context, blocks, events);
    }

    private static bool Wants(QuickContext context, string part) => context.Wants(part) || context.Wants("target");

    private async Task<Row[]> ReadIntoMemoryAsync(QuickContext context, ReadBlocks blocks)
    {
        await context.Progress.WriteLineAsync("  target, into memory");
        Contender[] contenders =
        [
            new("ours", blocks.MemoryAsync),
            new("bare", blocks.BareAsync),
            new("bare, tuned", blocks.BareTunedAsync),
        ];
        var found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        Reference bare(int figure) => new("bare Consume", found[1][figure]);
        Reference tuned(int figure) => new("bare Consume that pauses as shortly as ours", found[2][figure]);
        return
        [
            new(Name, "target: into memory", "events/s", Better.Higher, found[0][0], null, bare(0))
            {
                Aim = new("≥ 0.7 × bare", 0.7 * found[1][0]),
            },
            new(Name, "target: into memory", "events/s", Better.Higher, found[0][0], null, tuned(0)),
            new(Name, "target: into memory, processor time", "µs/event", Better.Lower, found[0][1], null, tuned(1)),
            new(Name, "target: into memory, allocated", "B/event", Better.Lower, found[0][2], null, tuned(2)),
        ];
    }

    private async Task<Row> ReadBesidePeerAsync(QuickContext context, ReadBlocks blocks, KafkaEvents events)
    {
        await context.Progress.WriteLineAsync("  target, beside what users have");
        await blocks.FillAvroAsync(events);
        Contender[] contenders = [new("ours", blocks.MemoryAsync), new("dictionary", blocks.DictionaryAsync)];
        var found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        var peer = new Reference("Confluent's deserializer into a dictionary", found[1][0]);
        return new(Name, "target: into memory", "events/s", Better.Higher, found[0][0], peer, null);
    }

    private async Task<Row> ReadIntoSqliteAsync(QuickContext context, ReadBlocks blocks, KafkaEvents events)
    {
        await context.Progress.WriteLineAsync("  target, into SQLite");
        var fed = new SqliteBlocks(events.Prepared, int.MaxValue, 50_000, context.Scratch);
        Contender[] contenders = [new("ours", blocks.SqliteAsync), new("fed from memory", fed.StatecastAsync)];
        var found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        var limit = new Reference("the same store fed from memory", found[1][0]);
        return new(Name, "target: into SQLite", "events/s", Better.Higher, found[0][0], null, limit)
        {
            Aim = new("≥ 0.85 × fed from memory", 0.85 * found[1][0]),
        };
    }

    private async Task<Row[]> BootstrapAsync(QuickContext context, KafkaBroker broker, int keys)
    {
        await context.Progress.WriteLineAsync("  bootstrap");
        var rows = new List<Row>();
        foreach (var count in (int[])[keys / 4, keys / 2, keys])
        {
            var bootstrap = new BootstrapBlock(broker, count);
            await bootstrap.FillAsync();
            var found = await bootstrap.RunAsync();
            var bare = await new ReadBlocks(broker, count, context.Scratch).BareAsync();
            await context.Progress.WriteLineAsync(
                $"    {count:N0} keys: {string.Join(" / ", found.Select(Figure.Short))}, bare {Figure.Short(bare[0])}"
            );
            var what = $"bootstrap of {count:N0} keys";
            rows.Add(new(Name, what, "events/s", Better.Higher, found[0], null, new("bare Consume", bare[0])));
            rows.Add(new(Name, $"{what}: the replica's own", "MiB", Better.Lower, found[1], null, null));
            rows.Add(new(Name, $"{what}: peak working set beyond it", "MiB", Better.Lower, found[2], null, null));
        }
        return [.. rows];
    }

    private async Task<Row[]> LatencyAsync(QuickContext context, KafkaBroker broker)
    {
        await context.Progress.WriteLineAsync("  latency");
        await broker.RemoveAsync(KafkaEvents.Topic, KafkaEvents.Control);
        await using var pair = await KafkaPair.StartAsync(broker.Servers, context.Scratch);
        using var bare = await BareLatency.StartAsync(broker);
        Contender[] contenders =
        [
            new("ours", () => pair.LatencyAsync(PacedOrders, PacedRate)),
            new("bare", () => bare.RunAsync(PacedOrders, PacedRate)),
        ];
        var found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        Reference limit(int figure) => new("bare Produce to Consume", found[1][figure]);
        var what = $"from commit to applied, {PacedRate} events/s";
        return
        [
            new(Name, $"{what}: p50", "ms", Better.Lower, found[0][0], null, limit(0)) { Aim = new("≤ 10 ms", 10) },
            new(Name, $"{what}: p99", "ms", Better.Lower, found[0][1], null, limit(1)),
        ];
    }
}
