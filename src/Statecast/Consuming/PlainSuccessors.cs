using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>
/// The keys of a batch of which a store may write the newest state without having looked at the row: nobody asks what was there before, and nothing waits beside it. Whether
/// the state is newer than the row the store finds out as it writes; what is not is left to the plan.
/// </summary>
internal static class PlainSuccessors
{
    /// <summary>Whether what a replica writes depends on its rows only by the guard.</summary>
    public static bool IsPossible(ReplicaLayout layout, ApplyRules rules) =>
        layout is { Handlers.Count: 0, Indexes.Count: 0 } && ReferenceEquals(rules.Guard, Guard.Instance);

    /// <summary>Whether the batch's newest event of a key can be judged by its revision alone, and by how many numbers it was named.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="key">The key's number.</param>
    /// <param name="floorEpoch">Everything below is superseded.</param>
    /// <param name="peek">Judges a body that was not read ahead; null where all are.</param>
    /// <param name="shown">The key's events: how many there are, and on a queue their highest numbers.</param>
    public static bool Is(ApplyBatch batch, int key, long floorEpoch, Func<StateEvent, StateInspection>? peek, out NamedBy shown)
    {
        shown = default;
        if (
            batch.Likely(key) is not { Operation: StateOperation.Upsert } newest
            || newest.Revision.Epoch < floorEpoch
            || (batch.Inspected(key) ?? peek?.Invoke(newest)) is not { Defect: null }
        )
            return false;
        for (var at = batch.First(key); at >= 0; )
        {
            if (batch.Take(ref at).Event is not { } said)
                return false;
            // An equal revision that says something else, or says it again as a Snapshot, replaces.
            if (!ReferenceEquals(said, newest) && Guard.Instance.Judge(Known(newest), said, floorEpoch) != GuardVerdict.Supersede)
                return false;
            shown = shown.And(said);
        }
        return true;
    }

    private static KeyNewest Known(StateEvent newest) => new(newest.Revision, newest.IsDelete, newest.Content);
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
