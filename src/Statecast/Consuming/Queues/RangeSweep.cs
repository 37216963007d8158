using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming.Queues;

/// <summary>What a complete run removes (protocol section 7): rows that neither a live event above a range's cut nor a snapshot message above its begin touched.</summary>
/// <param name="Lane">The live lane.</param>
/// <param name="Epoch">The marks' epoch.</param>
/// <param name="Ranges">The run's ranges.</param>
public sealed record RangeSweep(LaneId Lane, long Epoch, IReadOnlyList<SweptRange> Ranges) : RowSweep(Lane, Epoch)
{
    /// <summary>The range of a key.</summary>
    public SweptRange RangeOf(string key) => Ranges[RunProgress.PartOf(KeyText.Bucket(key))];

    /// <summary>Whether what a row, or an event kept beside it, was numbered says that the source still had its key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="live">The highest number of the live lane.</param>
    /// <param name="own">The highest number of what was sent to this target alone.</param>
    public bool IsNamed(string key, long live, long own) => RangeOf(key) is var range && (live > range.Cut || own > range.Begin);

    internal override bool IsNamed(StateEvent kept) =>
        kept.Revision.Epoch > Epoch
        || (SnapshotLane.Is(kept.Lane) ? IsNamed(kept.Key, 0, kept.LaneNumber) : IsNamed(kept.Key, kept.LaneNumber, 0));

    internal override bool IsOrphan(ReplicaRow row, ApplyRules rules) => row.Revision.Epoch <= Epoch && rules.IsOrphan(this, row);
}

/// <summary>A range that ended.</summary>
/// <param name="Begin">The number of its begin mark.</param>
/// <param name="Cut">Its cut.</param>
public readonly record struct SweptRange(long Begin, long Cut);
