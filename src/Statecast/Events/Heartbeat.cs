namespace Statecast.Events;

/// <summary>The source's periodic word on one destination: every change whose commit ended before <see cref="Clock"/> lies at or before these ends.</summary>
public sealed record Heartbeat
{
    /// <summary>The owning service.</summary>
    public required string Source { get; init; }

    /// <summary>The destination that the word is about.</summary>
    public required string Destination { get; init; }

    /// <summary>The source's epoch.</summary>
    public required long Epoch { get; init; }

    /// <summary>The sender's lease id.</summary>
    public required Guid LeaseId { get; init; }

    /// <summary>The database's clock, read before the outbox (protocol section 3).</summary>
    public required DateTimeOffset Clock { get; init; }

    /// <summary>The time between two heartbeats; three missed mean "unknown".</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>The end of every lane of the destination.</summary>
    public required IReadOnlyList<LaneEnd> Ends { get; init; }

    /// <summary>Whether the contract's first republish has ended: before it, no replica is complete.</summary>
    public required bool FirstRepublishEnded { get; init; }

    /// <summary>Everything below this epoch is superseded in every lane (protocol section 6): the lowest of the lanes' floors; 0 while a lane has none.</summary>
    public long FloorEpoch => Ends.Count == 0 ? 0 : Ends.Min(e => e.Floor.Epoch);
}

/// <summary>Where a lane ends.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Incarnation">Positions compare within one incarnation only; 0 on a queue, which has none.</param>
/// <param name="Position">The next position to read; 0 for an empty lane and on a queue.</param>
/// <param name="Number">The highest lane number handed out, 0 for none.</param>
/// <param name="Floor">What the lane holds below is superseded.</param>
public readonly record struct LaneEnd(LaneId Lane, long Incarnation, long Position, long Number, LaneFloor Floor = default)
{
    /// <summary>
    /// On a queue: which numbers were handed out under which lease in this epoch, in order; the newest of them. Numbers are counted by lease, so that a lost
    /// incarnation's does not stand for ours (protocol section 2). Null where it is not said.
    /// </summary>
    public IReadOnlyList<LeaseNumbers>? Line { get; init; }
}

/// <summary>The numbers from the first one on, up to the next entry's, were handed out under this lease.</summary>
/// <param name="LeaseId">The lease.</param>
/// <param name="First">Its first number.</param>
public readonly record struct LeaseNumbers(Guid LeaseId, long First);

/// <summary>The floor of a lane: stated once everything that the source has was said under its epoch, and in every heartbeat from then on.</summary>
/// <param name="Epoch">Everything of a lower epoch is superseded, for every key, known or not; 0 for no floor.</param>
/// <param name="Number">The first lane number under this epoch.</param>
public readonly record struct LaneFloor(long Epoch, long Number);
