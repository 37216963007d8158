using Statecast.Consuming.Queues;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>The rules of applying, as parts: a test plants a bug by replacing one.</summary>
public sealed record ApplyRules
{
    /// <summary>The rules of the protocol.</summary>
    public static ApplyRules Default { get; } = new();

    /// <summary>Which events a key takes.</summary>
    public IGuard Guard { get; init; } = Events.Guard.Instance;

    /// <summary>Whether what a key has newest is a patch's base: by default that revision exactly, and a state (protocol section 8).</summary>
    public Func<KeyNewest?, StateEvent, bool> IsBase { get; init; } =
        static (newest, patch) =>
            newest is { Deleted: false } known && known.Revision == new StateRevision(patch.Revision.Epoch, patch.Base);

    /// <summary>Which of a key's patches are of use, lowest revision first: by default all, as each is the next one's base. The others are superseded.</summary>
    public Func<IReadOnlyList<StateEvent>, IReadOnlyList<StateEvent>> UsefulPatches { get; init; } = static patches => patches;

    /// <summary>What a planned batch turns into, in order: by default one commit of rows and positions together, then the acknowledgement.</summary>
    public Func<ReplicaPlan, Delivery, IReadOnlyList<ApplyCommand>> Order { get; init; } =
        static (plan, delivery) => [new ApplyCommand.Commit(plan), new ApplyCommand.Acknowledge(delivery)];

    /// <summary>The row that a delete leaves: by default a tombstone with the delete's revision.</summary>
    public Func<ReplicaRow, ReplicaRow?> Tombstone { get; init; } = static row => row;

    /// <summary>Whether a lane's pass is complete: by default only a read that found the tail completes it (protocol section 4).</summary>
    public Func<LanePass, bool> PassComplete { get; init; } = static pass => pass.TailFoundAt is not null;

    /// <summary>
    /// Whether everything below an end that a heartbeat names is in the replica. By default a read must have found the tail at or above it: having passed it is
    /// not enough, since compaction may have dropped what stood below in favour of records that are not read yet. And it must lie at or above the tail that
    /// completed the pass: below, what it speaks of may have been gone before (protocol section 4).
    /// </summary>
    public Func<LanePass, long, bool> EndReached { get; init; } = static (pass, end) => pass.LastTailAt >= end && end >= pass.TailFoundAt;

    /// <summary>
    /// Whether a word on an end may be believed that was not yet: by default not below the tail at which the last read ended that met gaps, since compaction may have
    /// dropped what it speaks of in favour of an older state that landed late (docs/adr/0010).
    /// </summary>
    public Func<LanePass, long, bool> GapsPassed { get; init; } = static (pass, end) => !(end < pass.GapsUntil);

    /// <summary>Whether a word on a queue counts, by whether every number up to its own was processed: by default only then (protocol section 3).</summary>
    public Func<bool, bool> WordCounts { get; init; } = static processed => processed;

    /// <summary>Whether a range's end mark counts, by whether every number from its begin was processed: by default only then (protocol section 7).</summary>
    public Func<bool, bool> EndCounts { get; init; } = static processed => processed;

    /// <summary>Whether a complete run removes a row: by default what neither a live event above the cut nor a message above begin touched (protocol section 7).</summary>
    public Func<RangeSweep, ReplicaRow, bool> IsOrphan { get; init; } =
        static (sweep, row) => !sweep.IsNamed(row.Key, row.LiveNumber, row.OwnNumber);
}

/// <summary>How far a lane's pass is.</summary>
/// <param name="Next">The next position to read; everything before is applied.</param>
/// <param name="EndAtOpen">The end seen when the lane opened: a measure of progress only.</param>
/// <param name="TailFoundAt">The position at which a read first found nothing beyond; null before.</param>
/// <param name="LastTailAt">The position at which a read last found nothing beyond; null before.</param>
/// <param name="GapsUntil">The tail at which the last read ended that met gaps (<see cref="LaneBatch.HasGaps"/>); null for none.</param>
public readonly record struct LanePass(long Next, long EndAtOpen, long? TailFoundAt, long? LastTailAt, long? GapsUntil = null);
