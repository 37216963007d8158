using System.Collections.Concurrent;
using Shop.Load;
using Shop.Running;

namespace Shop.Story;

/// <summary>Act 1: Statecast is added to an orders service that has orders already; customers order, and read their own orders at another service at once.</summary>
internal static class OrdersFlow
{
    public static async Task PlayAsync(Stage stage, double until, CancellationToken ct)
    {
        stage.Display.Act("Orders flow");
        await stage.Fleet.StartAsync(Role.Orders, ct);
        await stage.Fleet.StartAsync(Role.Shipping, ct);
        await stage.Fleet.StartAsync(Role.Payments, ct);
        await stage.CatchUpAsync(Role.Shipping, ct);

        var waits = new ConcurrentBag<TimeSpan>();
        stage.Load.Answered = (step, token, cancel) => ReadOwnWriteAsync(stage, step, token, waits, cancel);
        await stage.Load.RunAsync(until, ct);
        stage.Load.Answered = null;
        if (waits.IsEmpty)
            return;
        var sorted = waits.Order().ToList();
        stage.Display.Say(
            $"{sorted.Count} customers looked at shipping for what they had just ordered, and found it: half of them within {sorted[sorted.Count / 2].TotalMilliseconds:0.0} ms, all within {sorted[^1].TotalMilliseconds:0} ms."
        );
    }

    private static async Task ReadOwnWriteAsync(Stage stage, Step step, string? token, ConcurrentBag<TimeSpan> waits, CancellationToken ct)
    {
        // Some look, not all: who waits for each step measures the waiting.
        if (step.Kind != StepKind.Place || token is null || step.Key.ToByteArray()[0] % 8 != 0)
            return;
        var started = stage.Clock.GetTimestamp();
        if (await stage.Client.OrderAsync(Role.Shipping, step.Key, token, ct) is null)
            throw new InvalidOperationException($"Shipping waited for {token} and then knew no such order.");
        waits.Add(stage.Clock.GetElapsedTime(started));
    }
}
