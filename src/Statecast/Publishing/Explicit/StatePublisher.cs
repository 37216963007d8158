using System.Data.Common;
using Statecast.Events;
using Statecast.Transport.InProcess;

namespace Statecast.Publishing.Explicit;

/// <summary>Finds the source of a write by its contract.</summary>
/// <param name="sources">The databases.</param>
/// <param name="memory">What is published without one; null if nothing is.</param>
internal sealed class StatePublisher(IEnumerable<ConnectionSource> sources, InProcessPublisher? memory) : IStatePublisher
{
    private readonly Dictionary<string, ConnectionSource> _sources = Index(sources);

    public ValueTask<IReadOnlyList<StateToken>> PublishAsync(
        DbTransaction transaction,
        IReadOnlyList<StateWrite> writes,
        CancellationToken ct = default
    ) => CaptureAsync(transaction, writes, synchronous: false, ct);

    public ValueTask<IReadOnlyList<StateToken>> PublishAsync(IReadOnlyList<StateWrite> writes, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(writes);
        foreach (var write in writes)
            if (memory is null || !memory.Publishes(write))
                throw new SourceException(
                    _sources.TryGetValue(write.Contract.Destination, out var database)
                        ? $"{write.Contract.Destination} is published from the database '{database.Name}': publish inside its transaction, PublishAsync(transaction, …)."
                        : $"{write.Contract.Destination} is not published without a database. Declare it: UseInProcess().Publish<{write.Contract.StateType.Name}>() in AddStatecast."
                );
        return memory is null || writes.Count == 0 ? new([]) : memory.PublishAsync(writes, ct);
    }

    public IReadOnlyList<StateToken> Publish(DbTransaction transaction, IReadOnlyList<StateWrite> writes)
    {
        var capture = CaptureAsync(transaction, writes, synchronous: true, CancellationToken.None);
        return capture.IsCompleted
            ? capture.Result
            : throw new InvalidOperationException("A capture store waited asynchronously in a synchronous Publish.");
    }

    private async ValueTask<IReadOnlyList<StateToken>> CaptureAsync(
        DbTransaction transaction,
        IReadOnlyList<StateWrite> writes,
        bool synchronous,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(writes);
        if (transaction.Connection is null)
            throw new InvalidOperationException("The transaction has ended: publish before it commits.");
        if (writes.Count == 0)
            return [];
        var source = SourceOf(writes[0]);
        foreach (var write in writes)
            if (SourceOf(write) != source)
                throw new InvalidOperationException(
                    $"{writes[0].Contract.Name} is of the source '{source.Name}', {write.Contract.Name} of '{SourceOf(write).Name}': one transaction is of one database. Publish each in its own."
                );
        return await source.CaptureAsync(transaction, writes, synchronous, ct).ConfigureAwait(false);
    }

    private ConnectionSource SourceOf(StateWrite write) =>
        _sources.GetValueOrDefault(write.Contract.Destination)
        ?? throw new SourceException(
            memory?.Publishes(write) == true
                ? $"{write.Contract.Destination} is published without a database: leave the transaction out, PublishAsync(state)."
                : $"No source of this service publishes {write.Contract.Destination}. Declare it: FromConnection(…, db => db.Publish(…)) in AddStatecast; a contract of a DbContext is captured by SaveChanges."
        );

    private static Dictionary<string, ConnectionSource> Index(IEnumerable<ConnectionSource> sources)
    {
        var found = new Dictionary<string, ConnectionSource>(StringComparer.Ordinal);
        foreach (var source in sources)
        foreach (var publication in source.Publications)
            if (!found.TryAdd(publication.Contract.Destination, source))
                throw new SourceException(
                    $"{publication.Contract.Destination} is published from '{found[publication.Contract.Destination].Name}' and from '{source.Name}': a destination has one source. Declare it once."
                );
        return found;
    }
}
