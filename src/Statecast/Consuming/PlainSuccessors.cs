using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>
/// The keys of a batch of which a store may write the newest state without having looked at the row: nobody asks what was there before, and nothing waits beside it. Whether
/// the state is newer than the row the store finds out as it writes; what is not is left to the plan.
/// </summary>
/// <param name="layout">The replica.</param>
/// <param name="rules">The rules.</param>
/// <param name="peek">Judges a body that was not read ahead; null where all are.</param>
internal sealed class PlainSuccessors(ReplicaLayout layout, ApplyRules rules, Func<StateEvent, StateInspection>? peek)
{
    /// <summary>Whether what a replica writes depends on its rows only by the guard.</summary>
    public bool MayFollow { get; } = layout is { Handlers.Count: 0, Indexes.Count: 0 } && ReferenceEquals(rules.Guard, Guard.Instance);

    /// <summary>Has the unit write them, first of all and without a look; notes in the batch which it wrote.</summary>
    /// <param name="plan">An empty plan; then it has the rows that were written.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="unit">Where they are written.</param>
    /// <param name="floorEpoch">Everything below is superseded.</param>
    /// <param name="majorOf">The major of the contract that an event is of.</param>
    /// <returns>What became of these keys' events.</returns>
    public ReplicaCounters Write(ReplicaPlan plan, ApplyBatch batch, IReplicaUnit unit, long floorEpoch, Func<StateEvent, int> majorOf)
    {
        var superseded = 0L;
        for (var number = 0; number < batch.Keys.Count; number++)
        {
            var follows = Is(batch, number, floorEpoch, out var named);
            batch.Followed(number, follows);
            if (!follows)
                continue;
            var newest = batch.Likely(number)!;
            var row = batch.NextRow().Fill(newest, majorOf(newest), newest.Operation, 0, 1, [], batch.Inspected(number)?.State);
            plan.Rows.Add(layout.Retained ? row : row.Number(named.Live, named.Own));
            superseded += named.Count - 1;
        }
        var left = unit.Follow(plan.Rows, out var added);
        plan.KeysDelta += added;
        foreach (var key in left)
        {
            var number = batch.Keys.Find(key, 0);
            batch.Followed(number, false);
            Is(batch, number, floorEpoch, out var named);
            superseded -= named.Count - 1;
        }
        // In the order of the keys: the next is most often the one after the last.
        var at = -1;
        if (left.Count > 0)
            plan.Rows.RemoveAll(row => !batch.Followed(at = batch.Keys.Find(row.Key, at + 1)));
        plan.Written = plan.Rows.Count;
        return new(0, plan.Written, superseded, 0);
    }

    // Whether the batch's newest event of a key can be judged by its revision alone; and how the key was named.
    private bool Is(ApplyBatch batch, int key, long floorEpoch, out NamedBy shown)
    {
        shown = default;
        if (
            batch.Likely(key) is not { Operation: StateOperation.Upsert } newest
            || newest.Revision.Epoch < floorEpoch
            || (batch.Inspected(key) ?? peek?.Invoke(newest)) is not { Defect: null }
        )
            return false;
        // A queue's numbers are in each event.
        if (layout.Retained && batch.Plain(key) is > 0 and var count)
        {
            shown = new(count, 0, 0);
            return true;
        }
        for (var at = batch.First(key); at >= 0; )
        {
            if (batch.Take(ref at).Event is not { } said)
                return false;
            // An equal revision that says something else, or says it again as a Snapshot, replaces.
            if (!ReferenceEquals(said, newest) && Guard.Instance.Judge(newest.Newest, said, floorEpoch) != GuardVerdict.Supersede)
                return false;
            shown = shown.And(said);
        }
        return true;
    }
}

/// <summary>By how many events a key was named, and on a queue by which numbers at most.</summary>
/// <param name="Count">How many.</param>
/// <param name="Live">The highest number of the live lane; 0 for none.</param>
/// <param name="Own">The highest number among what was sent to this target alone; 0 for none.</param>
internal readonly record struct NamedBy(int Count, long Live, long Own)
{
    /// <summary>One event more.</summary>
    public NamedBy And(StateEvent said) =>
        SnapshotLane.Is(said.Lane)
            ? new(Count + 1, Live, Math.Max(Own, said.LaneNumber))
            : new(Count + 1, Math.Max(Live, said.LaneNumber), Own);
}
