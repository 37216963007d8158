using Statecast.Events;

namespace Statecast.Outbox;

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
/// <param name="Counter">The shard's counter, raised by every commit that changes more than the lease's end; what a copy of the database does not know.</param>
/// <param name="TakenOver">Whether an earlier lease was not released: what its holder sent may still be on its way.</param>
/// <param name="ExpiresAt">By the database's clock.</param>
/// <param name="Lanes">The counters of every lane asked for, and of every snapshot lane (<see cref="SnapshotLane"/>) of the shard that handed out numbers: each gets its line as well.</param>
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
