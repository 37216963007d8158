using Shop.Running;

namespace Shop.Story;

/// <summary>
/// Act 3: a target is killed while orders continue, started again, and catches up. Where services are processes, the orders service is killed with it:
/// both by SIGKILL, both in the midst of their work, and the act fails if they were not.
/// </summary>
internal static class TargetKilled
{
    // A kill may fall into the instant in which everything just happens to be done. Then it is tried again, later in the same round.
    private static readonly double[] Moments = [0.2, 0.35, 0.5, 0.65, 0.8];

    public static async Task<IReadOnlyList<KillEvidence>> PlayAsync(Stage stage, double from, double until, CancellationToken ct)
    {
        stage.Display.Act("A target is killed while orders continue");
        var kills = new List<KillEvidence>();
        for (var round = 1; round <= stage.Options.Rounds; round++)
        {
            var target = round % 2 == 1 ? Role.Payments : Role.Shipping;
            var start = stage.Load.Done;
            var share = from + (until - from) * round / stage.Options.Rounds;
            var load = stage.Load.RunAsync(share, ct);
            try
            {
                kills.Add(await KillAsync(stage, round, target, start, (long)(stage.Load.Total * share), load, ct));
            }
            finally
            {
                // Whatever went wrong, the load's own failure is the better reason.
                if (load.IsFaulted)
                    await load;
            }
            await load;
            await stage.Fleet.StartAsync(target, ct);
            await stage.CatchUpAsync(target, ct);
        }
        return kills;
    }

    private static async Task<KillEvidence> KillAsync(
        Stage stage,
        int round,
        Role target,
        long start,
        long end,
        Task load,
        CancellationToken ct
    )
    {
        KillEvidence? evidence = null;
        foreach (var moment in Moments)
        {
            await stage.Load.ReachAsync(start + (long)((end - start) * moment), load, ct);
            if (load.IsCompleted)
                break;
            if (evidence is not null)
                await stage.Fleet.StartAsync(target, ct);
            // The source first: what it sent last is then the end of the log, and what the target has not applied of it was under way.
            if (stage.Options.Processes)
                await stage.Fleet.KillAsync(Role.Orders, target);
            else
                await stage.Fleet.KillAsync(target);
            evidence = await KillEvidence.ReadAsync(round, stage.Directory, target, stage.Options.Processes, ct);
            if (stage.Options.Processes)
                await stage.Fleet.StartAsync(Role.Orders, ct);
            if (evidence.InFlight || !stage.Options.Processes)
            {
                stage.Display.Say($"Killed: {(stage.Options.Processes ? "orders and " : "")}{RoleHost.NameOf(target)}. {evidence}.");
                return evidence;
            }
        }
        throw new InvalidOperationException(
            $"Round {round}: no kill met both services in the midst of their work ({evidence?.ToString() ?? "the load was over before"}). Raise --orders."
        );
    }
}
