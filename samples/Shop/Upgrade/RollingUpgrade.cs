using Shop.Running;
using Shop.Story;
using Shop.Verification;
using Statecast.Events;

namespace Shop.Upgrade;

/// <summary>
/// One more act, if asked for: the order contract gets a second major, and source and targets move to it one after the other while customers go on.
/// At no time do two services have to move together.
/// </summary>
internal static class RollingUpgrade
{
    private const int Looks = 20;

    private static readonly (Role Role, Generation To, string What)[] Moves =
    [
        (Role.Shipping, Generation.Between, "Shipping is built with the second major first, and reads the first one through the upcaster"),
        (Role.Orders, Generation.Between, "The orders service writes both majors"),
        (Role.Payments, Generation.Second, "Payments moves straight to the second major, and takes its replica along"),
        (Role.Shipping, Generation.Second, "Shipping reads the second major"),
        (Role.Notifications, Generation.Second, "Notifications reads the second major"),
        (Role.Orders, Generation.Second, "Nobody reads the first major any more: the orders service turns it off"),
    ];

    public static async Task<UpgradeEvidence> PlayAsync(Stage stage, double until, CancellationToken ct)
    {
        stage.Display.Act("The order contract gets a second major: one service after the other moves to it");
        var tokens = stage.Load.Tokens.ToDictionary();
        var from = (double)stage.Load.Done / stage.Load.Total;
        var moves = new List<ServiceMove>();
        foreach (var (role, to, what) in Moves)
        {
            // Two thirds of what is due while it moves, the rest after.
            var share = from + (until - from) * (moves.Count + 1) / Moves.Length;
            var meanwhile = share - (until - from) / Moves.Length / 3;
            var move = await MoveUnderLoadAsync(stage, role, to, meanwhile, ct);
            moves.Add(move);
            stage.Display.Say($"{what} ({move.Elapsed.TotalSeconds:0.0} s, {move.Requests:N0} requests meanwhile).");
            await stage.Load.RunAsync(share, ct);
            if (role != Role.Orders)
                await LookAsync(stage, role, ct);
        }
        return new(moves, Changed(stage, tokens));
    }

    private static Dictionary<string, StateRevision> Changed(Stage stage, Dictionary<Guid, string> before) =>
        stage
            .Load.Tokens.Where(t => before.GetValueOrDefault(t.Key) != t.Value)
            .Select(t => StateToken.ParseOrNone(t.Value))
            .OfType<StateToken>()
            .Where(t => t.Contract == ContractOf<OrderStateV2>.Value.Name)
            .ToDictionary(t => t.Key, t => t.Revision);

    private static async Task<ServiceMove> MoveUnderLoadAsync(Stage stage, Role role, Generation to, double share, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var load = stage.Load.RunAsync(share, stop.Token);
        var move = MoveAsync(stage, role, to, load, ct);
        // A load whose service does not come back would wait for ever.
        _ = move.ContinueWith(_ => stop.Cancel(), ct, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        await Task.WhenAll(load, move);
        return await move;
    }

    private static async Task<ServiceMove> MoveAsync(Stage stage, Role role, Generation to, Task load, CancellationToken ct)
    {
        var (started, before) = (stage.Clock.GetTimestamp(), stage.Load.Done);
        await stage.Fleet.MoveAsync(role, to, ct);
        // A target follows again; the source answers customers again.
        if (role == Role.Orders)
            await stage.Load.ReachAsync(before + 1, load, ct);
        else
            await stage.CatchUpAsync(role, ct);
        return new(role, to, stage.Load.Done - before, stage.Clock.GetElapsedTime(started));
    }

    // What customers were answered before and during the move is found at the target that moved.
    private static async Task LookAsync(Stage stage, Role role, CancellationToken ct)
    {
        foreach (var id in stage.Load.OrderIds.Where(stage.Load.Tokens.ContainsKey).Take(Looks))
            if (
                await stage.Client.OrderAsync<OrderStateV2>(role, id, stage.Load.Tokens[id], ct) is
                { Total: not { Currency: OrderStateV2.OnlyCurrency } }
            )
                throw new InvalidOperationException($"{RoleHost.NameOf(role)} answers order {id} without the second major's total.");
    }
}
