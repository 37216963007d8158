using Statecast.Events;

namespace Statecast.Transport;

/// <summary>A source's sending side. Used by one relay; sends may overlap, and keep the order in which they were called per lane.</summary>
public interface ITransportSender : IAsyncDisposable
{
    /// <summary>
    /// Sends a batch and returns when each event's outcome is known, in the order given. Does not throw for an event's failure: that is an outcome. What stands in a
    /// snapshot lane (<see cref="SnapshotLane"/>) goes to that target's queue alone; where the queue is gone, it is refused, and ends as superseded.
    /// </summary>
    ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct);

    /// <summary>Where the lanes end now; asked after every row of a heartbeat's snapshot was confirmed. A queue answers position 0.</summary>
    ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct);

    /// <summary>Says the source's word: into the companion control destination of a log, in-band on a queue.</summary>
    ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct);

    /// <summary>
    /// What the carrier remembers of the source, whoever sent it (protocol section 6): of every lane the highest number under each lease that sent or said
    /// anything of the highest epochs. A source whose database knows less has gone back. Never less than what was confirmed.
    /// </summary>
    /// <exception cref="TransportException">It cannot be told now; nothing is sent before it can.</exception>
    ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct);

    /// <summary>Reads the records of a lane from a position up to an end, for the read-back of foreign records on a log without conditional append.</summary>
    /// <exception cref="NotSupportedException">A carrier with conditional append, or a queue: nothing is ever read back there.</exception>
    ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct);
}

/// <summary>How a send ended.</summary>
public enum SendResult
{
    /// <summary>The carrier has it for good.</summary>
    Confirmed,

    /// <summary>A log's conditional append refused it: a newer or equal record of the key is there. Or the one target that it answers has no queue any more. It ends as superseded.</summary>
    Refused,

    /// <summary>No answer: it may be there or not. The row stays and is sent again with the same number.</summary>
    Unknown,

    /// <summary>The carrier said no; it is not there. The row stays, and its lane waits before the next try.</summary>
    Failed,
}

/// <summary>The outcome of one event's send.</summary>
/// <param name="Result">How it ended.</param>
/// <param name="Position">Where a log put it; negative if it did not say, 0 unless confirmed, and on a queue.</param>
/// <param name="Reason">For <see cref="SendResult.Failed"/>: what mends it.</param>
public readonly record struct SendOutcome(SendResult Result, long Position = 0, string? Reason = null)
{
    /// <summary>Of what is confirmed: nobody was there to take it, and whoever comes later asks for everything. It counts as sent, and is shown apart.</summary>
    public bool IsUnrouted { get; init; }
}

/// <summary>A record found in a log.</summary>
/// <param name="Position">Where it is.</param>
/// <param name="Key">The text form of its key.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="LeaseId">Who sent it.</param>
/// <param name="LaneNumber">The number it was sent under.</param>
public readonly record struct LogRecord(long Position, string Key, StateRevision Revision, Guid LeaseId, long LaneNumber);

/// <summary>What a carrier remembers of a lane's sender.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Epoch">The epoch that it sent under.</param>
/// <param name="LeaseId">The lease that it sent under.</param>
/// <param name="Number">The highest lane number that arrived under both, in an event or in a heartbeat.</param>
public readonly record struct SentMark(LaneId Lane, long Epoch, Guid LeaseId, long Number);
