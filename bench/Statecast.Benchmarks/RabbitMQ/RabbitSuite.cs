using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Log;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>
/// Events of about 1 KB over a real broker: sent, made replicas of, followed and asked for, beside the bare client in the same run. Broker and both sides share this
/// machine, so the rates are this machine's; the ratios are what is aimed at.
/// </summary>
internal sealed class RabbitSuite : ISuite
{
    private const int Many = 200_000;
    private const int PacedOrders = 300;
    private const int PacedRate = 100;

    public string Name => "rabbitmq";

    public async IAsyncEnumerable<Row> RunAsync(QuickContext context)
    {
        await using var server = await RabbitServer.FindAsync(context.Scratch);
        if (server is null)
        {
            await context.Progress.WriteLineAsync(
                "  skipped: STATECAST_RABBITMQ names no broker, and Debian's rabbitmq-server is not installed"
            );
            yield break;
        }
        var count = context.Events ?? Many;
        string[] parts = ["latency", "source", "target", "memory", "sqlite", "bootstrap"];
        if (context.Wants(parts[0]))
            foreach (var row in await LatencyAsync(context, server))
                yield return row;
        if (parts[1..^1].Any(context.Wants))
        {
            var events = new RabbitEvents(Math.Max(1, count / 5), count);
            if (context.Wants("source"))
                foreach (var row in await SendAsync(context, server, events))
                    yield return row;
            var blocks = new RabbitReadBlocks(server, events, context.Scratch);
            if (context.Wants("target") || context.Wants("memory"))
                foreach (var row in await ReadAsync(context, "into memory", ("a slab", blocks.MemoryAsync, blocks.BareMemoryAsync)))
                    yield return row;
            if (context.Wants("target") || context.Wants("sqlite"))
                foreach (var row in await ReadAsync(context, "into SQLite", ("the same table", blocks.SqliteAsync, blocks.BareSqliteAsync)))
                    yield return row;
        }
        if (context.Wants(parts[^1]))
            foreach (var row in await BootstrapAsync(context, server, count))
                yield return row;
        await server.RemoveAsync(RabbitEvents.Destination);
    }

    private async Task<Row[]> SendAsync(QuickContext context, RabbitServer server, RabbitEvents events)
    {
        await context.Progress.WriteLineAsync($"  source: {events.Events.Length:N0} events");
        var quorum = new RabbitSendBlocks(server, events, quorum: true);
        var classic = new RabbitSendBlocks(server, events, quorum: false);
        Contender[] contenders =
        [
            new("ours", quorum.StatecastAsync),
            new("bare", quorum.BareAsync),
            new("bare, tracked by the client", quorum.TrackedAsync),
            new("ours, classic", classic.StatecastAsync),
            new("bare, classic", classic.BareAsync),
        ];
        var found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        Reference bare(int figure) => new("bare publish, confirmations pipelined", found[1][figure]);
        Reference tracked(int figure) => new("bare publish, tracked by the client", found[2][figure]);
        return
        [
            new(Name, "source: send", "events/s", Better.Higher, found[0][0], tracked(0), bare(0))
            {
                Aim = new("≥ 0.85 × bare", 0.85 * found[1][0]),
            },
            new(Name, "source: processor time", "µs/event", Better.Lower, found[0][1], tracked(1), bare(1)),
            new(Name, "source: allocated", "B/event", Better.Lower, found[0][2], tracked(2), bare(2)),
            new(Name, "source: send, a classic queue", "events/s", Better.Higher, found[3][0], null, new("bare publish", found[4][0])),
        ];
    }

    private async Task<Row[]> ReadAsync(
        QuickContext context,
        string what,
        (string Store, Func<Task<double[]>> Ours, Func<Task<double[]>> Bare) ways
    )
    {
        await context.Progress.WriteLineAsync($"  target, {what}");
        Contender[] contenders = [new("ours", ways.Ours), new("bare", ways.Bare)];
        var found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        Reference bare(int figure) => new($"bare consumer into {ways.Store}", found[1][figure]);
        return
        [
            new(Name, $"target: {what}", "events/s", Better.Higher, found[0][0], null, bare(0))
            {
                Aim = new("≥ 0.8 × bare", 0.8 * found[1][0]),
            },
            new(Name, $"target: {what}, processor time", "µs/event", Better.Lower, found[0][1], null, bare(1)),
            new(Name, $"target: {what}, allocated", "B/event", Better.Lower, found[0][2], null, bare(2)),
        ];
    }

    private async Task<Row[]> LatencyAsync(QuickContext context, RabbitServer server)
    {
        await context.Progress.WriteLineAsync("  latency");
        var directory = Directory.CreateDirectory(Path.Combine(context.Scratch, "latency")).FullName;
        double[][] found;
        await using (var pair = await RabbitPair.StartAsync(server, directory))
        await using (var bare = await RabbitLatency.StartAsync(server))
        {
            var synced = new SyncedCommit(directory);
            Contender[] contenders =
            [
                new("ours", () => pair.LatencyAsync(PacedOrders, PacedRate)),
                new("bare", () => bare.RunAsync(PacedOrders, PacedRate)),
                new("synced commit", synced.Commit),
            ];
            found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        }
        await RemoveTargetAsync(server, RabbitPair.Watching);
        Reference limit(int figure) => new("bare publish to consume", found[1][figure]);
        var what = $"from commit to applied, {PacedRate} events/s";
        var commits = 2 * found[2][0];
        return
        [
            new(Name, $"{what}: p50", "ms", Better.Lower, found[0][0], null, limit(0))
            {
                Aim = new($"≤ 3 ms and two synced commits of {Figure.Short(found[2][0])} ms", 3 + commits),
            },
            new(Name, $"{what}: p99", "ms", Better.Lower, found[0][1], null, limit(1)),
        ];
    }

    private async Task<Row[]> BootstrapAsync(QuickContext context, RabbitServer server, int states)
    {
        await context.Progress.WriteLineAsync("  bootstrap");
        var directory = Directory.CreateDirectory(Path.Combine(context.Scratch, "bootstrap")).FullName;
        double[][] found;
        await using (var bootstrap = await RabbitBootstrap.StartAsync(server, directory, states, context.Progress))
        {
            Contender[] contenders = [new("ours", bootstrap.StatecastAsync), new("by hand", bootstrap.BareAsync)];
            // Every block is long enough to be compiled in.
            found = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress, warmUps: 0);
        }
        await RemoveTargetAsync(server, RabbitPair.Watching);
        var what = $"bootstrap of {states:N0} states";
        Reference copy(int figure) => new("copied by hand", found[1][figure]);
        return
        [
            new(Name, what, "s", Better.Lower, found[0][0], null, copy(0)) { Aim = new("≤ 2 × the copy", 2 * found[1][0]) },
            new(Name, $"{what}: live events meanwhile, p50", "ms", Better.Lower, found[0][1], new("without", found[0][3]), copy(1))
            {
                Aim = new("≤ 2 × without", 2 * found[0][3]),
            },
            new(Name, $"{what}: live events meanwhile, p99", "ms", Better.Lower, found[0][2], new("without", found[0][4]), copy(2)),
        ];
    }

    private static Task RemoveTargetAsync(RabbitServer server, string target)
    {
        var prefix = $"{RabbitEvents.Destination}.{target}";
        return server.RemoveQueuesAsync($"{prefix}.0", $"{prefix}.parked", $"{prefix}.expired");
    }
}
