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
}

/// <summary>How far a lane's pass is.</summary>
/// <param name="Next">The next position to read; everything before is applied.</param>
/// <param name="EndAtOpen">The end seen when the lane opened: a measure of progress only.</param>
/// <param name="TailFoundAt">The position at which a read first found nothing beyond; null before.</param>
/// <param name="LastTailAt">The position at which a read last found nothing beyond; null before.</param>
public readonly record struct LanePass(long Next, long EndAtOpen, long? TailFoundAt, long? LastTailAt);
