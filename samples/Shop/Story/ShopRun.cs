using Shop.Display;
using Shop.Load;
using Shop.Running;
using Shop.Services;
using Shop.Upgrade;
using Shop.Verification;

namespace Shop.Story;

/// <summary>One run of the shop, from an orders service without Statecast to the verdict.</summary>
internal sealed class ShopRun(ShopOptions options, string directory, IDisplay display, TimeProvider clock)
{
    public async Task<ShopReport> PlayAsync(CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        string? ended = null;
        await using var fleet = new Fleet(
            NewStarter(),
            reason =>
            {
                ended ??= reason;
                stop.Cancel();
            }
        );
        using var client = new ShopClient(fleet);
        var workload = new Workload(options.Seed, options.Orders);
        var load = new OrderLoad(workload, client, options.Seed);
        var stage = new Stage(options, directory, fleet, client, load, display, clock) { HeldBefore = EarlierRun.IsHeld(options.Carrier) };
        if (stage.HeldBefore)
            display.Say("The brokers hold an earlier run's states: this run's source is one that went back, and replicas follow it.");
        var monitor = new ProgressWatch(fleet, client, load, display, clock).RunAsync(stop.Token);
        try
        {
            var connection = new ServiceContext(directory, NewLogger(Role.Orders), options.Carrier).ConnectionString("orders");
            await History.WriteAsync(connection, workload, stop.Token);
            display.Say($"{workload.HistoryCount:N0} orders and {workload.CustomerCount:N0} customers from before Statecast was added.");
            var kills = options.Serve ? await ServeAsync(stage, stop.Token) : await PlayActsAsync(stage, stop.Token);
            var upgrade = options is { Upgrade: true, Serve: false }
                ? await RollingUpgrade.PlayAsync(stage, until: options.Restore ? 0.9 : 1, stop.Token)
                : null;
            var restore = options is { Restore: true, Serve: false } ? await SourceRestored.PlayAsync(stage, stop.Token) : null;
            var (verdicts, statuses) = await Finale.PlayAsync(stage, upgrade, options.Serve ? CancellationToken.None : stop.Token);
            return new(options, verdicts, statuses, kills, upgrade, restore, load.Done, client.Interrupted, clock.GetElapsedTime(started));
        }
        catch (OperationCanceledException) when (ended is not null)
        {
            throw new InvalidOperationException(ended);
        }
        finally
        {
            await stop.CancelAsync();
            await monitor;
        }
    }

    private static async Task<IReadOnlyList<KillEvidence>> PlayActsAsync(Stage stage, CancellationToken ct)
    {
        await OrdersFlow.PlayAsync(stage, until: 0.35, ct);
        await SourceStops.PlayAsync(stage, ct);
        var kills = await TargetKilled.PlayAsync(stage, from: 0.35, until: 0.75, ct);
        await LateTarget.PlayAsync(
            stage,
            until: stage.Options switch
            {
                { Upgrade: true } => 0.8,
                { Restore: true } => 0.9,
                _ => 1,
            },
            ct
        );
        return kills;
    }

    /// <summary>Everything up and loaded, until whoever watches has seen enough.</summary>
    private static async Task<IReadOnlyList<KillEvidence>> ServeAsync(Stage stage, CancellationToken ct)
    {
        try
        {
            await OrdersFlow.PlayAsync(stage, until: 0.9, ct);
            await LateTarget.PlayAsync(stage, until: 1, ct);
            Serving.Tell(stage);
            await Task.Delay(Timeout.InfiniteTimeSpan, stage.Clock, ct);
        }
        catch (OperationCanceledException) when (stage.Load.Done > 0)
        {
            stage.Display.Say("Asked to stop.");
        }
        return [];
    }

    private IServiceStarter NewStarter() =>
        options.Processes
            ? new ProcessStarter(directory, options.Carrier, (role, line) => display.Trouble(RoleHost.NameOf(role), line))
            : new InProcessStarter(directory, options.Carrier, NewLogger);

    private LineLoggerProvider NewLogger(Role role) => new((level, line) => display.Trouble(RoleHost.NameOf(role), $"{level}: {line}"));
}
