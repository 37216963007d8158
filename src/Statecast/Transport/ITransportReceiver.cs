using Statecast.Events;

namespace Statecast.Transport;

/// <summary>
/// A target's receiving side for one contract. Called by one loop; an acknowledgement may come while a receive waits.
/// Lanes open and close while running (rebalance, fail-over); the source's word comes in between.
/// </summary>
public interface ITransportReceiver : IAsyncDisposable
{
    /// <summary>Waits for something to report: events, lanes, heartbeats, or a read that found a lane's tail.</summary>
    /// <param name="maxEvents">The most events in one delivery: the target's backpressure.</param>
    /// <param name="ct">Ends the wait.</param>
    ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct);

    /// <summary>Says from where an opened lane is to be read; on a log no event of the lane comes before. A queue ignores it.</summary>
    ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct);

    /// <summary>Says that everything in a delivery is in the replica for good. A queue acknowledges it to its broker; a log does nothing.</summary>
    ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct);
}

/// <summary>What a receive brought. Processed in this order: closed, opened, batches, heartbeats.</summary>
public sealed class Delivery
{
    /// <summary>Lanes that this target no longer reads: what of theirs is not applied yet is dropped.</summary>
    public IReadOnlyList<LaneId> Closed { get; init; } = [];

    /// <summary>Lanes that this target now reads; each is answered by a seek.</summary>
    public IReadOnlyList<LaneOpened> Opened { get; init; } = [];

    /// <summary>Events by lane.</summary>
    public IReadOnlyList<LaneBatch> Batches { get; init; } = [];

    /// <summary>The newest word of each source that arrived.</summary>
    public IReadOnlyList<Heartbeat> Heartbeats { get; init; } = [];

    /// <summary>Why lanes stand still though there is more of them to read, for people; null if none does. Said with every delivery while it lasts.</summary>
    public string? Held { get; init; }

    /// <summary>The carrier's own handle, for acknowledgement.</summary>
    public object? Handle { get; init; }
}

/// <summary>A lane that opened.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Incarnation">Positions stored under another incarnation are worthless: the replica bootstraps anew. 0 on a queue.</param>
/// <param name="End">The lane's end now: the measure of a bootstrap's progress, and of nothing else. 0 on a queue.</param>
public readonly record struct LaneOpened(LaneId Lane, long Incarnation, long End)
{
    /// <summary>
    /// How long a log keeps a key's Delete after it could be dropped; null for ever, and on a queue. Who was away for longer may have missed one: it reads the lane anew,
    /// and removes what it does not meet (protocol section 4).
    /// </summary>
    public TimeSpan? DeletesKept { get; init; }

    /// <summary>How many lanes the destination has, where a target is given only some of them; else 0.</summary>
    public int Lanes { get; init; }

    /// <summary>
    /// Where the source can answer this target alone, by the carrier's own address (<see cref="StateRequest.ReplyTo"/>): what is sent from now on arrives, so the target may
    /// ask. Null on a log, and on a queue that was bound before anything was sent: every number from the first one on is then expected.
    /// </summary>
    public string? ReplyTo { get; init; }

    /// <summary>On a queue: it was just made, so whatever was sent before is lost to this target. What it counted so far is void.</summary>
    public bool IsNew { get; init; }
}

/// <summary>What one lane brought.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Events">In the order received; empty where only the position or the tail is news.</param>
/// <param name="Next">The next position to read, once these are applied. 0 on a queue.</param>
/// <param name="AtTail">Whether this read found the tail: nothing was beyond <paramref name="Next"/> at that moment.</param>
public sealed record LaneBatch(LaneId Lane, IReadOnlyList<ReceivedEvent> Events, long Next, bool AtTail)
{
    /// <summary>
    /// Whether a log began at the lane's beginning by itself before it read this, since nothing is left at the position that it was sought to: the lane is read anew, and
    /// what it does not meet is removed. Nothing else says so, a position below an earlier one neither.
    /// </summary>
    public bool FromBeginning { get; init; }

    /// <summary>
    /// Whether positions below <see cref="Next"/> were empty, in a log without conditional append: compaction may have dropped a record there in favour of an older
    /// state that landed late and was not noticed yet. Words on what lies below the next tail prove nothing then (protocol sections 4 and 5). A log that asks the guard
    /// has nothing older behind something newer, and never says so.
    /// </summary>
    public bool HasGaps { get; init; }
}

/// <summary>One received event, or what is left of one that cannot be read.</summary>
/// <param name="Event">The envelope; null if <paramref name="Defect"/> says why there is none.</param>
/// <param name="Position">Where it stood; 0 on a queue.</param>
/// <param name="Key">The key, if that much is known; parked under it.</param>
/// <param name="Defect">Why the envelope cannot be read.</param>
/// <param name="Raw">The bytes as received, kept with the parked event.</param>
public sealed record ReceivedEvent(
    StateEvent? Event,
    long Position,
    string? Key = null,
    string? Defect = null,
    ReadOnlyMemory<byte> Raw = default
);
