using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>One source database of a service, behind its capture adapter: what the host's relay and republisher work on.</summary>
public interface IStateSource
{
    /// <summary>A name for people and metrics, for example the context's type name.</summary>
    string Name { get; }

    /// <summary>What is published from it.</summary>
    IReadOnlyList<Publication> Publications { get; }

    /// <summary>
    /// Checks at start, before anything is sent: start-up findings, tables and layout, another schema than last time.
    /// Queues the first republish of a contract that was never published, and one for a changed schema.
    /// </summary>
    /// <returns>What was queued; the host tells it.</returns>
    /// <exception cref="SourceException">Something is not as it must be; the message says what mends it.</exception>
    ValueTask<IReadOnlyList<RepublishRequest>> PrepareAsync(CancellationToken ct);

    /// <summary>Opens the relay's view of the database.</summary>
    IOutboxStore OpenOutbox();

    /// <summary>Queues work for the republisher, all of it in one transaction.</summary>
    ValueTask RequestRepublishAsync(IReadOnlyList<RepublishRequest> requests, CancellationToken ct);

    /// <summary>Does the next chunk of queued work, in one transaction under the keys' locks (<see cref="Republisher.NextAsync"/>).</summary>
    /// <returns>What it did; the host tells what was passed over, and asks again for as long as there was work.</returns>
    ValueTask<RepublishChunk> RepublishChunkAsync(int maxKeys, CancellationToken ct);

    /// <summary>Counts what is queued, for those who watch (<see cref="Republisher.CountAsync"/>); by default the source cannot tell.</summary>
    ValueTask<RepublishQueue> CountRepublishAsync(CancellationToken ct) => default;
}
