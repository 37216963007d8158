namespace Statecast.Outbox;

/// <summary>Promise 6 at a source, as one relay saw it since it started: seen = sent + coalesced + superseded + in hand.</summary>
/// <param name="Seen">Captured events that the relay took in hand.</param>
/// <param name="Sent">Confirmed, and deleted from the outbox.</param>
/// <param name="Coalesced">Dropped in favour of a later one of the same key that was not sent yet either.</param>
/// <param name="Superseded">Refused by a log that knew a newer record.</param>
/// <param name="Resent">Sends that were repeated because the outcome was unknown or a no.</param>
/// <param name="Heartbeats">Heartbeats said.</param>
/// <param name="Mended">Keys sent again because a record of another sender lay above their newest.</param>
public readonly record struct RelayCounters(
    long Seen,
    long Sent,
    long Coalesced,
    long Superseded,
    long Resent,
    long Heartbeats,
    long Mended
);

/// <summary>What waits in the outbox, as the relay last read it.</summary>
/// <param name="ReadAt">The database's clock at that read; null before the first.</param>
/// <param name="Count">Rows of the shard.</param>
/// <param name="OldestCapture">When the oldest of them was captured; null if there is none.</param>
public readonly record struct RelayBacklog(DateTimeOffset? ReadAt, long Count, DateTimeOffset? OldestCapture);
