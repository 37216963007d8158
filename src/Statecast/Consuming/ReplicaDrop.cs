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
        if (subscription.Status.WentBack is { } back && back.Epoch == due.FloorEpoch)
            Log.WentBack(logger, subscription.Layout.Name, back.Epoch, back.Count, string.Join(", ", back.First.Take(KeysTold)));

        async Task DropPage()
        {
            var unit = await subscription.Store.BeginAsync(page, ct).ConfigureAwait(false);
            await using (unit.ConfigureAwait(false))
                await write(unit, machine.PlanDrop(due, unit, page, clock.GetUtcNow()), ct).ConfigureAwait(false);
            page.Clear();
        }
    }
}
