using Statecast.Benchmarks.Harness;

namespace Statecast.Benchmarks.Log;

/// <summary>
/// End to end on the SQLite log, two processes: an order saved through EF Core in one, its state committed in a replica file in the other.
/// Source and log sync every commit, the replica does not (the log keeps everything): the same on both sides, with the same durable steps.
/// </summary>
internal sealed class LogSuite : ISuite
{
    private const int BacklogOrders = 10_000;
    private const int SteadyOrders = 4_000;
    private const int SteadyTransaction = 10;
    private const int PacedOrders = 300;
    private const int PacedRate = 100;

    /// <summary>Synced commits between the application's own and the target's: numbering in the source, append to the log.</summary>
    private const int SyncedOnPath = 2;

    private const string Peer = "hand-written batches";

    public string Name => "log";

    public async IAsyncEnumerable<Row> RunAsync(QuickContext context)
    {
        await using var ours = await LogPair.StartAsync(LogRoles.Statecast, Sub(context, LogRoles.Statecast));
        await using var byHand = await LogPair.StartAsync(LogRoles.ByHand, Sub(context, LogRoles.ByHand));
        LogPair[] pairs = [ours, byHand];

        var backlog = await MeasureAsync(context, "backlog", pairs, p => p.BacklogAsync(BacklogOrders));
        yield return Throughput($"backlog of {BacklogOrders:N0}", backlog);
        yield return Processor($"backlog of {BacklogOrders:N0}", backlog);

        var steady = await MeasureAsync(context, "steady load", pairs, p => p.SteadyAsync(SteadyOrders, SteadyTransaction));
        yield return Throughput($"steady load, {SteadyTransaction} orders a transaction", steady);
        yield return Processor($"steady load, {SteadyTransaction} orders a transaction", steady);

        foreach (var row in await LatencyAsync(context, pairs))
            yield return row;
    }

    private async Task<Row[]> LatencyAsync(QuickContext context, LogPair[] pairs)
    {
        await context.Progress.WriteLineAsync("  latency");
        var synced = new SyncedCommit(Sub(context, "synced"));
        Contender[] contenders =
        [
            .. pairs.Select((p, i) => new Contender(NameOf(i), () => p.LatencyAsync(PacedOrders, PacedRate))),
            new("synced commit", synced.Commit),
            new("bare sync", synced.BareSync),
        ];
        var medians = await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
        var commit = medians[2][0];
        var bound = 2 + SyncedOnPath * commit;
        var limit = new Reference($"2 ms + {SyncedOnPath} synced commits of {Figure.Short(commit)} ms", bound);
        var what = $"from commit to applied, {PacedRate} events/s";
        return
        [
            new(Name, $"{what}: p50", "ms", Better.Lower, medians[0][0], new(Peer, medians[1][0]), limit)
            {
                Aim = new($"≤ {limit.Name}", bound),
            },
            new(Name, $"{what}: p99", "ms", Better.Lower, medians[0][1], new(Peer, medians[1][1]), null),
            new(Name, "this machine's synced commit", "ms", Better.Lower, commit, null, new("bare sync of one page", medians[3][0])),
        ];
    }

    private static async Task<double[][]> MeasureAsync(
        QuickContext context,
        string name,
        LogPair[] pairs,
        Func<LogPair, Task<double[]>> block
    )
    {
        await context.Progress.WriteLineAsync($"  {name}");
        var contenders = pairs.Select((p, i) => new Contender(NameOf(i), () => block(p))).ToList();
        return await Interleaved.MediansAsync(contenders, context.Rounds, context.Progress);
    }

    private Row Throughput(string what, double[][] medians) =>
        new(Name, $"{what}: throughput", "events/s", Better.Higher, medians[0][0], new(Peer, medians[1][0]), null)
        {
            Aim = new("≥ 0.7 ×", 0.7 * medians[1][0]),
        };

    private Row Processor(string what, double[][] medians) =>
        new(Name, $"{what}: processor time", "µs/event", Better.Lower, medians[0][1], new(Peer, medians[1][1]), null);

    private static string NameOf(int pair) => pair == 0 ? "ours" : "by hand";

    private static string Sub(QuickContext context, string name) => Directory.CreateDirectory(Path.Combine(context.Scratch, name)).FullName;
}
