using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>
/// Carries out a drop: finds the rows below the floor and writes their ends, page by page, each in a transaction of its own; then tells which keys went back.
/// A crash in between leaves rows that the next believed heartbeat finds again.
/// </summary>
internal static class ReplicaDrop
{
    private const int PageKeys = 500;
    private const int KeysTold = 10;

    public static async Task RunAsync(
        ApplyMachine machine,
        DueDrop due,
        Subscription subscription,
        Func<IReplicaUnit, ReplicaPlan, CancellationToken, Task> write,
        ILogger logger,
        TimeProvider clock,
        CancellationToken ct
    )
    {
        var page = new List<string>(PageKeys);
        var gone = 0L;
        await foreach (var row in subscription.Store.EnumerateAsync(ct).ConfigureAwait(false))
        {
            if (!due.Concerns(row))
                continue;
            page.Add(row.Key);
            if (page.Count == PageKeys)
                await DropPage().ConfigureAwait(false);
        }
        if (page.Count > 0)
            await DropPage().ConfigureAwait(false);
        if (due.Sweep is { } sweep)
        {
            StatecastMeter.OrphansRemoved(subscription, gone);
            Log.RunEnded(logger, subscription.Layout.Name, sweep.Lane.Number, gone);
        }
        else if (subscription.Status.WentBack is { } back && back.Epoch == due.FloorEpoch)
            Log.WentBack(logger, subscription.Layout.Name, back.Epoch, back.Count, string.Join(", ", back.First.Take(KeysTold)));

        async Task DropPage()
        {
            var unit = await subscription.Store.BeginAsync(page, ct).ConfigureAwait(false);
            await using (unit.ConfigureAwait(false))
            {
                var plan = machine.PlanDrop(due, unit, page, clock.GetUtcNow());
                await write(unit, plan, ct).ConfigureAwait(false);
                gone += plan.Rows.Count;
            }
            page.Clear();
        }
    }
}
