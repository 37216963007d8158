using Shop.Running;

namespace Shop.Story;

/// <summary>Act 4: a service that nobody thought of before joins, fills its replicas from the log while orders continue, and acts only on what happens from then on.</summary>
internal static class LateTarget
{
    public static async Task PlayAsync(Stage stage, double until, CancellationToken ct)
    {
        stage.Display.Act("A new target joins late");
        var load = stage.Load.RunAsync(until, ct);
        await stage.Fleet.StartAsync(Role.Notifications, ct);
        await stage.CatchUpAsync(Role.Notifications, ct);
        await load;
    }
}
