using Statecast.Events;

namespace Statecast.Outbox;

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
