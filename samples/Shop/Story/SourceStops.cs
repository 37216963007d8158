using Shop.Running;
using Shop.Verification;

namespace Shop.Story;

/// <summary>Act 2: the orders service is down. Shipping still answers from its replica, and no longer claims to be up to date.</summary>
internal static class SourceStops
{
    private const int Looks = 20;

    public static async Task PlayAsync(Stage stage, CancellationToken ct)
    {
        stage.Display.Act("The orders service stops, shipping still answers");
        await stage.Client.WhenIdleAsync(Role.Orders, ct);
        await stage.Client.WhenIdleAsync(Role.Shipping, ct);
        var before = new Dictionary<Guid, string?>();
        foreach (var id in stage.Load.OrderIds.Take(Looks))
            before[id] = TextOf(await stage.Client.OrderAsync(Role.Orders, id, null, ct));
        await stage.Fleet.StopAsync(Role.Orders, ct);

        foreach (var (id, order) in before)
            if (TextOf(await stage.Client.OrderAsync(Role.Shipping, id, null, ct)) is var answer && answer != order)
                throw new InvalidOperationException(
                    $"Order {id} was {order ?? "gone"}; without its source shipping says {answer ?? "gone"}."
                );
        stage.Display.Say($"{before.Count} orders read at shipping, as the orders service had them before it stopped.");

        var status = await stage.WaitForAsync(Role.Shipping, "of unknown staleness", s => s.Replicas.All(r => r.Unknown is not null), ct);
        stage.Display.Say($"Shipping says how sure it is: staleness unknown, {status.Replicas[0].Unknown}");
        await stage.Fleet.StartAsync(Role.Orders, ct);
        await stage.WaitForAsync(Role.Shipping, "of known staleness", s => s.Replicas.All(r => r.Staleness is not null), ct);
    }

    private static string? TextOf(Contracts.OrderState? order) => order is null ? null : StateText.Of(order);
}
