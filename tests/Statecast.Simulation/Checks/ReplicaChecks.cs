using Statecast.Events;
using Statecast.Replicas;
using Statecast.Simulation.Source;
using Statecast.Transport;

namespace Statecast.Simulation.Checks;

/// <summary>Promises 1 to 3, 5 and 6 at one replica store: looked at after every commit.</summary>
internal sealed class ReplicaChecks(SimWorld world, string name)
{
    private readonly Dictionary<string, Seen> _seen = [];
    private readonly Dictionary<string, StateRevision> _deleted = [];

    /// <summary>Rows were written.</summary>
    public void Committed(ReplicaPlan plan, Delivery? delivery, Func<string, ReplicaRow?> find)
    {
        // Deletes are known from what arrived: a replica that forgets its tombstone must not hide that with it.
        foreach (var received in delivery?.Batches.SelectMany(b => b.Events) ?? [])
            if (received.Event is { IsDelete: true } delete)
                _deleted[delete.Key] = Max(delete.Revision, _deleted.GetValueOrDefault(delete.Key));
        foreach (var key in plan.Rows.Select(r => r.Key))
            if (find(key) is { } row)
                Judge(row);
    }

    /// <summary>The position, or an acknowledgement, says that these events are in the replica.</summary>
    public void Covered(
        string how,
        Delivery delivery,
        Func<LaneId, bool> counts,
        Func<string, ReplicaRow?> find,
        Func<string, ParkedEvent?> findParked,
        Func<string, IReadOnlyList<StateEvent>> findWaiting,
        long floorEpoch
    )
    {
        foreach (var batch in delivery.Batches.Where(b => counts(b.Lane)))
        foreach (var received in batch.Events)
        {
            if (received.Event is { IsMark: true })
                continue;
            var key = received.Event?.Key ?? received.Key ?? $"?{batch.Lane.Number}@{received.Position}";
            var row = find(key);
            var reflected =
                findParked(key) is not null
                || IsForgotten(row)
                || received.Event?.Revision.Epoch < floorEpoch
                // Fewer wait here than may: each by itself.
                || (received.Event is { Operation: StateOperation.Patch } patch && findWaiting(key).Any(w => w.Revision == patch.Revision))
                || (received.Event is { } e ? row?.Revision >= e.Revision : row is not null);
            if (!reflected)
                throw new Violation(
                    Checker.EffectsOnce,
                    $"{name}: {how} counts {key} of {batch.Lane} at {received.Position}; the replica does not have it"
                );
        }
    }

    /// <summary>Promise 6 at a target.</summary>
    public void Sums(ReplicaContents contents)
    {
        var (counters, parked, waiting) = (contents.Counters, contents.Parked, contents.Waiting.Count);
        if (counters.Received != counters.Applied + counters.Superseded + counters.Dropped + parked + waiting)
            throw new Violation(Checker.NothingSkipped, $"{name}: the sums do not agree: {counters}, parked {parked}, waiting {waiting}");
    }

    private void Judge(ReplicaRow row)
    {
        var seen = _seen.GetValueOrDefault(row.Key);
        if (IsForgotten(row))
        {
            _seen[row.Key] = seen with { Distinct = (int)row.Writes };
            return;
        }
        // Until the source knows that it was restored, two states share a number: a delete that was lost binds nobody, and a lost state may come after a delete.
        if (
            !row.Deleted
            && _deleted.GetValueOrDefault(row.Key) is var deleted
            && row.Revision <= deleted
            && world.Truth.Stands(row.Key, deleted.Number, null)
            && world.Truth.Stands(row.Key, row.Revision.Number, SimContent.Read(row))
        )
            throw new Violation(
                Checker.DeletesHold,
                $"{name}: {row.Key}@{row.Revision} is visible, after its delete at {_deleted[row.Key]}"
            );
        // A run did not name it: the one way back, and only for what the source does not have.
        if (row is { Deleted: true, Revision.Number: 0 } && world.Bootstraps.On && row.Revision <= seen.Newest)
        {
            if (!world.Faults.Restores && seen.Newest.Number > 0 && world.Truth.HeldSince(row.Key, seen.Newest.Number))
                throw new Violation(Checker.NeverBackwards, $"{name}: {row.Key}@{seen.Newest} was removed as an orphan; the source has it");
            _seen[row.Key] = seen with { Newest = row.Revision };
            return;
        }
        if (row.Revision < seen.Newest)
            throw new Violation(Checker.NeverBackwards, $"{name}: {row.Key} went from {seen.Newest} back to {row.Revision}");
        var content = row.Deleted ? null : SimContent.Read(row);
        if (row is { Deleted: true, Revision.Number: 0 })
            world.Restores.Dropped(name, row);
        else if (!world.Truth.WasCommitted(row.Key, row.Revision.Number, content))
            throw new Violation(Checker.Atomic, $"{name}: {row.Key}@{row.Revision} with content {content} was never committed");
        // A dropped row's tombstone is no revision.
        var distinct = seen.Distinct + (row.Revision == seen.Newest || row.Revision.Number == 0 ? 0 : 1);
        if (row.Writes != distinct)
            throw new Violation(Checker.EffectsOnce, $"{name}: {row.Key} was written {row.Writes} times for {distinct} revisions");
        _seen[row.Key] = new(row.Revision, distinct);
    }

    // A planted bug's tombstone without a revision: as if the key had never been seen.
    private static bool IsForgotten(ReplicaRow? row) => row is { Deleted: true, Revision: { Epoch: 0, Number: 0 } };

    private static StateRevision Max(StateRevision a, StateRevision b) => a > b ? a : b;

    private readonly record struct Seen(StateRevision Newest, int Distinct);
}
