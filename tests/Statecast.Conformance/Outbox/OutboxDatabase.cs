using Statecast.Events;
using Statecast.Outbox;

namespace Statecast.Conformance.Outbox;

/// <summary>A source's database in the hands of a suite: stores over it, and what capture and the republisher would do to it.</summary>
public abstract class OutboxDatabase : IAsyncDisposable
{
    /// <summary>The clock of its stores.</summary>
    public ManualClock Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    /// <summary>A relay's view; several stand for several processes.</summary>
    public abstract IOutboxStore Open();

    /// <summary>Commits rows as capture does, and returns their sequences.</summary>
    public abstract Task<IReadOnlyList<long>> AddAsync(params OutboxRow[] rows);

    /// <summary>Notes a destination's first republish on a carrier as ended or not.</summary>
    public abstract Task PublishAsync(string carrier, string destination, bool ended);

    /// <summary>Makes the database another incarnation, as going back does.</summary>
    public abstract Task SetEpochAsync(long epoch);

    /// <summary>What is queued for the republisher.</summary>
    public abstract Task<IReadOnlyList<RepublishRequest>> QueuedAsync();

    /// <summary>Which numbers were begun under which lease.</summary>
    public abstract Task<IReadOnlyList<LaneLine>> LinesAsync();

    public abstract ValueTask DisposeAsync();
}
