using Statecast.Consuming.Queues;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>Rows that are to go: those of some lanes below the floor, or those that a sweep did not meet.</summary>
/// <param name="FloorEpoch">The floor; of a sweep its epoch. What goes leaves a tombstone at (this, 0).</param>
/// <param name="Lanes">The lanes.</param>
/// <param name="LaneCount">How many the destination has.</param>
public sealed record DueDrop(long FloorEpoch, IReadOnlyList<LaneId> Lanes, int LaneCount)
{
    /// <summary>What was named; null where the floor decides.</summary>
    public RowSweep? Sweep { get; init; }

    internal ApplyRules Rules { get; init; } = ApplyRules.Default;

    /// <summary>Whether a row is to go.</summary>
    public bool Concerns(ReplicaRow row) =>
        IsVoid(row) && (Lanes.Count == LaneCount || Lanes.Any(l => l.Number == KeyText.Lane(row.Key, LaneCount)));

    /// <summary>Whether an event that is kept beside a row says that the source has its key.</summary>
    internal bool IsNamedBy(StateEvent kept) => Sweep?.IsNamed(kept) ?? kept.Revision.Epoch >= FloorEpoch;

    private bool IsVoid(ReplicaRow row) => Sweep?.IsOrphan(row, Rules) ?? row.Revision.Epoch < FloorEpoch;
}
