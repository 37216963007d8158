using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>
/// The relay's view of a source's database. The relay's rules live in the core; a store is plain SQL.
/// Called by one relay at a time per shard; two processes may each have a store on one database.
/// </summary>
public interface IOutboxStore : IAsyncDisposable
{
    /// <summary>Which database it is: the same for every store on it in this process. Sources that share one share its relays.</summary>
    string Database { get; }

    /// <summary>
    /// Tries to become the shard's one relay, in one transaction: free or expired leases are taken, one held by another is left alone unless the store
    /// knows for certain that its holder's process is gone.
    /// </summary>
    /// <returns>Null while another holds it.</returns>
    ValueTask<LeaseGrant?> AcquireAsync(LeaseRequest request, CancellationToken ct);

    /// <summary>Reads the database's clock first, then one snapshot of the shard's rows (protocol section 3).</summary>
    ValueTask<OutboxSnapshot> ReadAsync(OutboxQuery query, CancellationToken ct);

    /// <summary>Applies one set of changes, atomically and durably, if the lease and the counter are still those that the relay remembers.</summary>
    /// <returns>False if not: nothing was changed, and the relay must acquire again.</returns>
    ValueTask<bool> CommitAsync(OutboxCommit commit, CancellationToken ct);

    /// <summary>Gives the lease back, if it is still held, so that another can start at once.</summary>
    ValueTask ReleaseAsync(string shard, Guid leaseId, CancellationToken ct);

    /// <summary>Returns when the database may hold new rows, or after the time-out. A lost wake only costs the time-out.</summary>
    ValueTask WaitAsync(TimeSpan timeout, CancellationToken ct);
}

/// <summary>A try to take a lease.</summary>
/// <param name="Shard">The shard: a carrier's name.</param>
/// <param name="Holder">Who asks, for people: machine and process.</param>
/// <param name="LeaseId">Drawn at random for this try.</param>
/// <param name="Duration">How long the lease holds without renewal.</param>
/// <param name="Lanes">All lanes that the shard writes; each gets a line of numbers under the new lease.</param>
public sealed record LeaseRequest(string Shard, string Holder, Guid LeaseId, TimeSpan Duration, IReadOnlyList<LaneId> Lanes);

/// <summary>A lease that was taken.</summary>
/// <param name="LeaseId">The id asked for.</param>
/// <param name="Fencing">Rises with every acquisition.</param>
/// <param name="Epoch">The database's epoch.</param>
/// <param name="Counter">The shard's counter, raised by every commit that claims; what a copy of the database does not know.</param>
/// <param name="TakenOver">Whether an earlier lease was not released: what its holder sent may still be on its way.</param>
/// <param name="ExpiresAt">By the database's clock.</param>
/// <param name="Lanes">The counters of every lane asked for.</param>
/// <param name="Lines">Which numbers of these lanes were handed out under which lease in this epoch, by lane in the order in which they began; this lease's are the last.</param>
public sealed record LeaseGrant(
    Guid LeaseId,
    long Fencing,
    long Epoch,
    long Counter,
    bool TakenOver,
    DateTimeOffset ExpiresAt,
    IReadOnlyList<LaneCounter> Lanes,
    IReadOnlyList<LaneLine> Lines
);

/// <summary>The line of a lane's numbers: those from the first one on, up to the next line's, were handed out under this lease.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="LeaseId">The lease.</param>
/// <param name="FirstNumber">Its first number.</param>
public readonly record struct LaneLine(LaneId Lane, Guid LeaseId, long FirstNumber);

/// <summary>The stored counters of one lane.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="NextNumber">The next number to hand out, from 1.</param>
/// <param name="Incarnation">The log's incarnation that <paramref name="Verified"/> belongs to; 0 for none.</param>
/// <param name="Verified">Everything below this position was accounted for (protocol section 5).</param>
public readonly record struct LaneCounter(LaneId Lane, long NextNumber, long Incarnation, long Verified);

/// <summary>What to read.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Claimed">True for rows that were claimed and not yet confirmed (after an acquisition), false for fresh ones.</param>
/// <param name="Limit">The most rows.</param>
/// <param name="After">Only rows with a higher sequence; 0 for all.</param>
/// <param name="Excluding">Lanes to leave out: they are blocked.</param>
public sealed record OutboxQuery(string Shard, bool Claimed, int Limit, long After, IReadOnlyCollection<LaneId> Excluding);

/// <summary>What was read.</summary>
/// <param name="Clock">The database's clock, read before the snapshot was taken.</param>
/// <param name="Rows">The rows asked for, by sequence.</param>
/// <param name="LowestSequence">The lowest sequence of all the shard's rows, claimed or not, excluded lanes too; null if there is none.</param>
/// <param name="HighestSequence">The highest sequence of all the shard's rows; null if there is none.</param>
/// <param name="Count">How many rows the shard has.</param>
/// <param name="OldestCapture">When the oldest of them was captured; null if there is none.</param>
/// <param name="Published">Destinations whose first republish has ended.</param>
/// <param name="Standing">The shard's lease as this snapshot shows it: in a database that went back it is another than its holder remembers.</param>
public sealed record OutboxSnapshot(
    DateTimeOffset Clock,
    IReadOnlyList<OutboxRow> Rows,
    long? LowestSequence,
    long? HighestSequence,
    long Count,
    DateTimeOffset? OldestCapture,
    IReadOnlySet<string> Published,
    LeaseStanding Standing
);

/// <summary>A shard's lease as it stands in the database.</summary>
/// <param name="LeaseId">Null while nobody holds it.</param>
/// <param name="Counter">The shard's counter.</param>
/// <param name="Epoch">The database's epoch.</param>
public readonly record struct LeaseStanding(Guid? LeaseId, long Counter, long Epoch);

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

    /// <summary>Rows that get their lane number and epoch, for good. Raises the counter by one if not empty.</summary>
    public IReadOnlyList<OutboxClaim> Claims { get; init; } = [];

    /// <summary>Rows swallowed by a claimed one of the same key and destination.</summary>
    public IReadOnlyList<long> Coalesced { get; init; } = [];

    /// <summary>Rows whose events were confirmed or refused: they are deleted.</summary>
    public IReadOnlyList<long> Done { get; init; } = [];

    /// <summary>New counters of the lanes that changed.</summary>
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
}

/// <summary>Why a source goes back.</summary>
/// <param name="Highest">The highest epoch that its carrier remembers.</param>
/// <param name="Reason">What was found, for people.</param>
public sealed record EpochSeen(long Highest, string Reason);

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

/// <summary>A wish to the republisher.</summary>
/// <param name="Contract">The contract's name.</param>
/// <param name="Key">One key's text form, or null for every key of the bucket range.</param>
/// <param name="FirstBucket">The first bucket of the range.</param>
/// <param name="LastBucket">The last bucket of the range, inclusive.</param>
/// <param name="Destination">One destination, or null for all of the contract's.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record RepublishRequest(string Contract, string? Key, int FirstBucket, int LastBucket, string? Destination, string Reason)
{
    /// <summary>Every key of a contract.</summary>
    public static RepublishRequest All(string contract, string reason) => new(contract, null, 0, 4095, null, reason);
}
