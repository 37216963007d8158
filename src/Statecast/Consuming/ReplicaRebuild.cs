using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>
/// A contract, an index or its code changed since the rows were written: reads every row again and writes its index entries anew.
/// A row whose body the new shape cannot read is parked with the reason, unless a newer event of its key is parked already; the source's next full state
/// of the key supersedes it.
/// </summary>
internal static class ReplicaRebuild
{
    private const int ChunkSize = 1000;

    public static async Task<ReplicaContents> RunAsync(
        IReplicaStore store,
        Subscription subscription,
        ReplicaContents contents,
        ILogger logger,
        TimeProvider clock,
        Action beat,
        CancellationToken ct
    )
    {
        // A new replica has nothing to read again: its hash is stored with the first chunk, which is empty.
        var chunk = new List<ReplicaRow>(ChunkSize);
        await foreach (var row in store.EnumerateAsync(ct).ConfigureAwait(false))
        {
            chunk.Add(row);
            if (chunk.Count == ChunkSize)
            {
                await Write(store, subscription, chunk, null, logger, clock, ct).ConfigureAwait(false);
                // Millions of rows take minutes, and a loop that stood still so long would have its process ended.
                beat();
                chunk.Clear();
            }
        }
        await Write(store, subscription, chunk, subscription.Layout, logger, clock, ct).ConfigureAwait(false);
        return contents.LayoutHash is null ? contents : await store.OpenAsync(subscription.Layout, ct).ConfigureAwait(false);
    }

    private static async Task Write(
        IReplicaStore store,
        Subscription subscription,
        List<ReplicaRow> rows,
        ReplicaLayout? done,
        ILogger logger,
        TimeProvider clock,
        CancellationToken ct
    )
    {
        var plan = new ReplicaPlan { LayoutHash = done?.Hash };
        await using var unit = await store.BeginAsync([.. rows.Select(r => r.Key)], ct).ConfigureAwait(false);
        foreach (var row in rows)
        {
            var said = EventOf(row, subscription);
            var inspection = subscription.Reader.Inspect(said);
            if (inspection.Defect is { } defect)
                Park(plan, unit.FindParked(row.Key), said, inspection.IsMisfit, defect, clock.GetUtcNow());
            else
                plan.Rows.Add(row with { Entries = inspection.Entries });
        }
        await unit.CommitAsync(plan, ct).ConfigureAwait(false);
        foreach (var parked in plan.Park)
            Log.Parked(logger, subscription.Layout.Name, parked.Key, parked.Reason);
        StatecastMeter.Applied(subscription, plan, bootstrap: false);
    }

    /// <summary>Parks a row whose body turned out to be unreadable, as a changed shape would.</summary>
    public static ReplicaPlan Park(ReplicaRow row, string reason, Subscription subscription, DateTimeOffset now)
    {
        var plan = new ReplicaPlan();
        Park(plan, null, EventOf(row, subscription), isMisfit: true, reason, now);
        return plan;
    }

    private static void Park(ReplicaPlan plan, ParkedEvent? waiting, StateEvent said, bool isMisfit, string defect, DateTimeOffset now)
    {
        // What waits already came after the row, or is the row itself, parked by an earlier change of shape: it is counted, and it may be readable now.
        if (waiting is not null && !(waiting.Event?.Revision < said.Revision))
            return;
        plan.Rejected += isMisfit ? 1 : 0;
        plan.Park.Add(
            new()
            {
                Key = said.Key,
                Reason = defect,
                Event = said,
                ParkedAt = now,
            }
        );
        // Counted as received again: received = applied + superseded + parked must hold for the rows that are parked now.
        plan.Counters += new ReplicaCounters(1, 0, waiting is null ? 0 : 1, 0);
    }

    private static StateEvent EventOf(ReplicaRow row, Subscription subscription) =>
        new()
        {
            Contract = subscription.Contract.Name,
            Lane = new(row.Major == 0 ? subscription.Reads.Destination : $"{subscription.Contract.Name}.v{row.Major}", 0),
            Key = row.Key,
            Revision = row.Revision,
            // A Snapshot replaces an equal revision, so that a retry after an upgrade applies.
            Operation = StateOperation.Snapshot,
            Codec = row.Codec,
            Schema = row.Schema,
            Content = row.Content,
            Body = row.Body,
            State = row.State,
            CapturedAt = row.CapturedAt,
            Source = "",
        };
}
