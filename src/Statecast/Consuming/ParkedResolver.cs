using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>
/// Tries what is parked again, or drops it, in pages, each with a transaction of its own: there may be more of it than memory holds. Called by the apply loop
/// only, between deliveries: nobody else parks or unparks meanwhile.
/// </summary>
/// <param name="subscription">The replica.</param>
/// <param name="write">Writes a plan in a unit, and tells what it did.</param>
/// <param name="clock">The clock.</param>
internal sealed class ParkedResolver(
    Subscription subscription,
    Func<IReplicaUnit, ReplicaPlan, CancellationToken, Task> write,
    TimeProvider clock
)
{
    private const int PageKeys = 200;
    private const long PageBytes = 4 << 20;

    /// <summary>Does what was asked.</summary>
    /// <returns>How many events are parked no more; 1 if an unreadable row was parked.</returns>
    public async Task<int> RunAsync(ApplyMachine machine, ParkedRequest request, CancellationToken ct)
    {
        if (request.Unreadable is { } unreadable)
            return await ParkAsync(request.Key!, unreadable.Revision, unreadable.Reason, ct).ConfigureAwait(false);
        var resolved = 0;
        var bytes = 0L;
        var page = new List<ParkedEvent>();
        // What is parked again with another reason comes last in the store, but not again here: the read is one snapshot.
        await foreach (var each in subscription.Store.Inbox.ParkedAsync(ct).ConfigureAwait(false))
        {
            if (request.Key is not null && request.Key != each.Key)
                continue;
            page.Add(each);
            bytes += each.Raw.Length + (each.Event?.Body.Length ?? 0);
            if (page.Count < PageKeys && bytes < PageBytes)
                continue;
            resolved += await ResolveAsync(machine, request.Drop, page, ct).ConfigureAwait(false);
            page.Clear();
            bytes = 0;
        }
        return page.Count == 0 ? resolved : resolved + await ResolveAsync(machine, request.Drop, page, ct).ConfigureAwait(false);
    }

    /// <summary>Tries what waits again: the target may read it now, or a floor may have made it void.</summary>
    public async Task WaitingAsync(ApplyMachine machine, CancellationToken ct)
    {
        foreach (var page in subscription.Status.WaitingKeys.Chunk(PageKeys))
        {
            await using var unit = await subscription.Store.BeginAsync(page, ct).ConfigureAwait(false);
            var plan = subscription.Planner.RetryWaiting(page, unit, machine.Progress.WasLive, machine.FloorEpoch, clock.GetUtcNow());
            await write(unit, plan, ct).ConfigureAwait(false);
        }
    }

    private async Task<int> ResolveAsync(ApplyMachine machine, bool drop, List<ParkedEvent> page, CancellationToken ct)
    {
        await using var unit = await subscription.Store.BeginAsync([.. page.Select(p => p.Key)], ct).ConfigureAwait(false);
        var plan = drop
            ? Drop(page)
            : subscription.Planner.Retry(page, unit, machine.Progress.WasLive, machine.FloorEpoch, clock.GetUtcNow());
        await write(unit, plan, ct).ConfigureAwait(false);
        return plan.Unpark.Count;
    }

    private async Task<int> ParkAsync(string key, Events.StateRevision revision, string reason, CancellationToken ct)
    {
        if (await subscription.Store.FindAsync(key, ct).ConfigureAwait(false) is not { Deleted: false } row || row.Revision != revision)
            return 0;
        await using var unit = await subscription.Store.BeginAsync([key], ct).ConfigureAwait(false);
        if (unit.FindParked(key) is not null)
            return 0;
        await write(unit, ReplicaRebuild.Park(row, reason, subscription, clock.GetUtcNow()), ct).ConfigureAwait(false);
        return 1;
    }

    private static ReplicaPlan Drop(List<ParkedEvent> parked)
    {
        var plan = new ReplicaPlan { Counters = new(0, 0, 0, parked.Count) };
        plan.Unpark.AddRange(parked.Select(p => p.Key));
        return plan;
    }
}
