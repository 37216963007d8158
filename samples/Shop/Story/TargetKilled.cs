using Shop.Running;

namespace Shop.Story;

/// <summary>
/// Act 3: a target is killed while orders continue, started again, and catches up. Where services are processes, the orders service is killed with it:
/// both by SIGKILL, both in the midst of their work, and the act fails if they were not.
/// </summary>
internal static class TargetKilled
{
    // A kill may fall into the instant in which everything just happens to be done. Then it is tried again, later in the same round.
    private static readonly double[] Moments = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

    public static async Task<IReadOnlyList<KillEvidence>> PlayAsync(Stage stage, double from, double until, CancellationToken ct)
    {
        stage.Display.Act("A target is killed while orders continue");
        var kills = new List<KillEvidence>();
        for (var round = 1; round <= stage.Options.Rounds; round++)
        {
            var target = round % 2 == 1 ? Role.Payments : Role.Shipping;
            var share = from + (until - from) * round / stage.Options.Rounds;
            var begun = stage.Load.Done;
            var steps = (long)(stage.Load.Total * share) - begun;
            var moments = Moments.Select(moment => begun + (long)(steps * moment));
            kills.Add(await KillUnderLoadAsync(stage, round, target, share, moments, ct));
            await stage.Fleet.StartAsync(target, ct);
            await stage.CatchUpAsync(target, ct);
        }
        return kills;
    }

    private static async Task<KillEvidence> KillUnderLoadAsync(
        Stage stage,
        int round,
        Role target,
        double share,
        IEnumerable<long> moments,
        CancellationToken ct
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var load = stage.Load.RunAsync(share, stop.Token);
        var kill = KillAsync(stage, round, target, moments, load, ct);
        // A load whose service does not come back would wait for ever.
        _ = kill.ContinueWith(_ => stop.Cancel(), ct, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        await Task.WhenAll(load, kill);
        return await kill;
    }

    private static async Task<KillEvidence> KillAsync(
        Stage stage,
        int round,
        Role target,
        IEnumerable<long> moments,
        Task load,
        CancellationToken ct
    )
    {
        KillEvidence? evidence = null;
        foreach (var moment in moments)
        {
            await stage.Load.ReachAsync(moment, load, ct);
            if (load.IsCompleted)
                break;
            if (evidence is not null)
                await stage.Fleet.StartAsync(target, ct);
            evidence = stage.Options.Processes
                ? await KillBothAsync(stage, round, target, ct)
                : await KillTargetAsync(stage, round, target, ct);
            if (!evidence.InFlight && stage.Options.Processes)
                continue;
            stage.Display.Say($"Killed: {(stage.Options.Processes ? "orders and " : "")}{RoleHost.NameOf(target)}. {evidence}.");
            return evidence;
        }
        throw new InvalidOperationException(
            $"Round {round}: no kill met both services in the midst of their work ({evidence?.ToString() ?? "the load was over before"}). Raise --orders."
        );
    }

    private static async Task<KillEvidence> KillBothAsync(Stage stage, int round, Role target, CancellationToken ct)
    {
        await BusyWatch.WaitAsync(stage, target, handling: round % 3 != 0, ct);
        // The source first: what it sent last is then the end of the log, and what the target has not applied of it was under way.
        await stage.Fleet.KillAsync(Role.Orders, target);
        var evidence = await KillEvidence.ReadAsync(round, stage.Directory, target, sourceKilled: true, ct);
        await stage.Fleet.StartAsync(Role.Orders, ct);
        return evidence;
    }

    private static async Task<KillEvidence> KillTargetAsync(Stage stage, int round, Role target, CancellationToken ct)
    {
        await stage.Fleet.KillAsync(target);
        return await KillEvidence.ReadAsync(round, stage.Directory, target, sourceKilled: false, ct);
    }
}
