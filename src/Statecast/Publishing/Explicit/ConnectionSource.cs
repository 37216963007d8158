using System.Data.Common;
using Statecast.Events;
using Statecast.Outbox;

namespace Statecast.Publishing.Explicit;

/// <summary>A database that is written by ADO.NET, as a source. Its relay and republisher open connections of their own; captures use the application's.</summary>
internal sealed class ConnectionSource : IStateSource, IRepublishDatabase
{
    private readonly Func<DbConnection> _connect;
    private readonly bool _makesTables;
    private readonly IReadOnlyList<RowsPublication> _rows;
    private readonly IReadOnlyList<IDatabaseAdapter> _adapters;
    private readonly StateCapture _capture;
    private readonly OwnDatabase _own;
    private readonly Lazy<(IDatabaseAdapter Adapter, string ConnectionString)> _database;

    // One for its life: it remembers when what is withheld is to be tried again.
    private readonly Lazy<Republisher> _republisher;

    public ConnectionSource(
        string name,
        Func<DbConnection> connect,
        ConnectionSourceBuilder declared,
        IReadOnlyList<IDatabaseAdapter> adapters,
        IPublicationBinder binder,
        StateCapture capture
    )
    {
        (Name, _connect, _makesTables, _rows) = (name, connect, declared.MakesTables, declared.Publications);
        (_adapters, _capture) = (adapters, capture);
        _own = new(name, connect);
        Publications = [.. _rows.Select(r => r.Publication)];
        foreach (var publication in Publications)
            binder.Bind(publication);
        // A connection that cannot be made now may be made at the next try: a failure is not kept.
        _database = new(FindDatabase, LazyThreadSafetyMode.PublicationOnly);
        _republisher = new(() => new(_capture, Store), LazyThreadSafetyMode.PublicationOnly);
    }

    public string Name { get; }

    public IReadOnlyList<Publication> Publications { get; }

    private ICaptureStore Store => _database.Value.Adapter.Capture;

    public async ValueTask<IReadOnlyList<RepublishRequest>> PrepareAsync(CancellationToken ct)
    {
        if (Publications.Count == 0)
            throw new SourceException($"The source '{Name}' publishes nothing: declare its contracts with Publish(…) in FromConnection.");
        if (_makesTables)
            await MakeTablesAsync(ct).ConfigureAwait(false);
        return await InTransactionAsync(
                async session =>
                {
                    await Store.EnsureEpochAsync(session.Scope, _capture.Clock.GetUtcNow().ToUnixTimeMilliseconds()).ConfigureAwait(false);
                    return await PublishedContracts
                        .ReconcileAsync(Store.Republish, session.Scope, Name, Publications)
                        .ConfigureAwait(false);
                },
                ct
            )
            .ConfigureAwait(false);
    }

    public IOutboxStore OpenOutbox() => _database.Value.Adapter.OpenOutbox(_database.Value.ConnectionString);

    public async ValueTask RequestRepublishAsync(IReadOnlyList<RepublishRequest> requests, CancellationToken ct) =>
        await InTransactionAsync(
                async session =>
                {
                    await Store.Republish.QueueAsync(session.Scope, requests).ConfigureAwait(false);
                    return true;
                },
                ct
            )
            .ConfigureAwait(false);

    public ValueTask<RepublishChunk> RepublishChunkAsync(int maxKeys, CancellationToken ct) =>
        _republisher.Value.NextAsync(this, maxKeys, ct);

    public ValueTask<RepublishQueue> CountRepublishAsync(CancellationToken ct) =>
        InTransactionAsync(session => _republisher.Value.CountAsync(session), ct);

    /// <summary>Captures what the application changed, in its own transaction.</summary>
    /// <exception cref="SourceException">The transaction is of another database.</exception>
    public async ValueTask<IReadOnlyList<StateToken>> CaptureAsync(
        DbTransaction transaction,
        IEnumerable<StateWrite> writes,
        bool synchronous,
        CancellationToken ct
    )
    {
        var connection = transaction.Connection!;
        await _own.RequireAsync(_database.Value.Adapter, connection, synchronous, ct).ConfigureAwait(false);
        var sets = writes
            .GroupBy(w => w.Contract.Destination)
            .Select(g => (ICaptureSet)new RowsCaptureSet(_rows.First(r => r.Publication.Contract.Destination == g.Key), transaction, g))
            .ToList();
        var tokens = await _capture.SaveAsync(Store, new(connection, transaction, synchronous, ct), sets).ConfigureAwait(false);
        Store.Saved(connection);
        return tokens;
    }

    private (IDatabaseAdapter, string) FindDatabase()
    {
        using var connection = _connect();
        var adapter =
            _adapters.FirstOrDefault(a => a.ConnectionType.IsInstanceOfType(connection))
            ?? throw new SourceException(
                $"The source '{Name}' opens a {connection.GetType().Name}, and no adapter for it is registered. Add the package that has one, for example Statecast.Sqlite with UseSqliteLog or UseSqliteDatabase."
            );
        return (adapter, connection.ConnectionString);
    }

    private async ValueTask MakeTablesAsync(CancellationToken ct)
    {
        var connection = _connect();
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(ct).ConfigureAwait(false);
            var command = connection.CreateCommand();
            await using (command.ConfigureAwait(false))
            {
                command.CommandText = _database.Value.Adapter.TableScript;
                await command.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
            }
        }
    }

    Task<RepublishChunk> IRepublishDatabase.WriteAsync(Func<IRepublishSession, ValueTask<RepublishChunk>> work, CancellationToken ct) =>
        InTransactionAsync(work, ct).AsTask();

    Task<AnswersAhead?> IRepublishDatabase.ReadAsync(Func<IRepublishSession, ValueTask<AnswersAhead?>> work, CancellationToken ct) =>
        ConnectedAsync(
                async connection =>
                {
                    if (await _database.Value.Adapter.BeginReadAsync(connection, ct).ConfigureAwait(false) is not { } transaction)
                        return null;
                    await using (transaction.ConfigureAwait(false))
                        return await work(new RowsSession(_rows, transaction.Transaction, onlyReads: true, ct)).ConfigureAwait(false);
                },
                ct
            )
            .AsTask();

    private ValueTask<T> InTransactionAsync<T>(Func<IRepublishSession, ValueTask<T>> work, CancellationToken ct) =>
        ConnectedAsync(
            async connection =>
            {
                var transaction = await _database.Value.Adapter.BeginAsync(connection, ct).ConfigureAwait(false);
                await using (transaction.ConfigureAwait(false))
                {
                    var result = await work(new RowsSession(_rows, transaction.Transaction, onlyReads: false, ct)).ConfigureAwait(false);
                    await transaction.Transaction.CommitAsync(ct).ConfigureAwait(false);
                    Store.Saved(connection);
                    return result;
                }
            },
            ct
        );

    private async ValueTask<T> ConnectedAsync<T>(Func<DbConnection, ValueTask<T>> work, CancellationToken ct)
    {
        var connection = _connect();
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                await connection.OpenAsync(ct).ConfigureAwait(false);
                return await work(connection).ConfigureAwait(false);
            }
            catch (DbException e)
            {
                throw new SourceException($"The database of the source '{Name}' cannot be used: {e.Message}", e);
            }
        }
    }
}
