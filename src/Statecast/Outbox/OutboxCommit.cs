using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>One atomic set of changes by the relay.</summary>
public sealed record OutboxCommit
{
    /// <summary>The shard.</summary>
    public required string Shard { get; init; }

    /// <summary>The lease that must still be held.</summary>
    public required Guid LeaseId { get; init; }

    /// <summary>The counter that the database must still show.</summary>
    public required long Counter { get; init; }

    /// <summary>The epoch that the database must still show.</summary>
    public required long Epoch { get; init; }

    /// <summary>Extends the lease by this much from the database's now.</summary>
    public required TimeSpan Renew { get; init; }

    /// <summary>Rows that get their lane number and epoch, for good.</summary>
    public IReadOnlyList<OutboxClaim> Claims { get; init; } = [];

    /// <summary>Rows swallowed by a claimed one of the same key and destination.</summary>
    public IReadOnlyList<long> Coalesced { get; init; } = [];

    /// <summary>Rows whose events were confirmed or refused: they are deleted.</summary>
    public IReadOnlyList<long> Done { get; init; } = [];

    /// <summary>New counters of the lanes that changed. A snapshot lane that has none yet begins with this lease: its line's first number is 1.</summary>
    public IReadOnlyList<LaneCounter> Lanes { get; init; } = [];

    /// <summary>
    /// What the republisher must say again: keys whose last record in a log is below their newest, or, without a key, everything of a destination whose
    /// log was made anew. The latter also takes back that the destination's first republish has ended: until it ends again no replica is complete.
    /// </summary>
    public IReadOnlyList<RepublishRequest> Republish { get; init; } = [];

    /// <summary>
    /// The database went back (protocol section 6); null (the rule) if not. Then, besides: the epoch becomes the highest of the clock in Unix milliseconds,
    /// one above this, and one above what it was; every claimed row, of other shards too, loses number and epoch; the lines of numbers are forgotten;
    /// a republish of every published destination is queued in place of what was queued for its contract, and none counts as published before it ended.
    /// </summary>
    public EpochSeen? GoBackFrom { get; init; }

    /// <summary>
    /// Whether the counter is raised by one: by whatever changes more than the lease's end. Else a copy of the database, made before and put in its place while the lease
    /// held, would pass for what its holder remembers.
    /// </summary>
    public bool RaisesCounter => Claims.Count + Coalesced.Count + Done.Count + Lanes.Count + Republish.Count > 0;
}

/// <summary>One row's claim.</summary>
/// <param name="Sequence">The row.</param>
/// <param name="LaneNumber">Its number.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Operation">Its operation: a change coalesced with a Snapshot stays a change.</param>
/// <param name="Causes">Its own causes joined with those it swallowed.</param>
/// <param name="CapturedAt">When the row was captured: a database that was restored since the row was read gives its sequence to another.</param>
public readonly record struct OutboxClaim(
    long Sequence,
    long LaneNumber,
    long Epoch,
    StateOperation Operation,
    string? Causes,
    DateTimeOffset CapturedAt
);

/// <summary>Why a source goes back.</summary>
/// <param name="Highest">The highest epoch that its carrier remembers.</param>
/// <param name="Reason">What was found, for people.</param>
public sealed record EpochSeen(long Highest, string Reason);
