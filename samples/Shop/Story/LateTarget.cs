using Shop.Running;

namespace Shop.Story;

/// <summary>Act 4: a service that nobody thought of before joins, fills its replicas from the log while orders continue, and acts only on what happens from then on.</summary>
internal static class LateTarget
{
    public static async Task PlayAsync(Stage stage, double until, CancellationToken ct)
    {
        stage.Display.Act("A new target joins late");
        var load = stage.Load.RunAsync(((double)stage.Load.Done / stage.Load.Total + until) / 2, ct);
        await stage.Fleet.StartAsync(Role.Notifications, ct);
        await stage.CatchUpAsync(Role.Notifications, ct);
        await load;
        // However fast the first half went, something is left that comes after it joined.
        await stage.Load.RunAsync(until, ct);
    }
}
