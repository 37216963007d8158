using Microsoft.Data.Sqlite;
using SQLitePCL;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>
/// The relay's view of a source's SQLite database, over one connection of its own. Every write is one immediate transaction, synced to disk.
/// Times are the machine's: SQLite has no clock of its own, and its users are on one machine.
/// </summary>
internal sealed class SqliteOutboxStore : IOutboxStore
{
    private readonly SqliteOptions _options;
    private readonly TimeProvider _clock;
    private readonly SqliteDatabase _database;
    private readonly SqliteOutboxWatch _watch;
    private readonly SqliteTurns _turns;
    private readonly SqliteOutboxReader _reader = new();
    private readonly SqliteLeaseMarks _marks;

    // The connection is used by one call at a time.
    private readonly SemaphoreSlim _gate = new(1, 1);

    // Guarded by the gate.
    private bool _disposed;

    /// <summary>Opens the database.</summary>
    /// <param name="connectionString">How the application connects. The connection is the store's own, outside the application's pool.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <param name="clock">Null for the machine's.</param>
    /// <exception cref="SourceException">The loaded library is older than it must be, or the database cannot be opened, or is in memory.</exception>
    public SqliteOutboxStore(string connectionString, SqliteOptions? options = null, TimeProvider? clock = null)
    {
        _options = options ?? new();
        _clock = clock ?? TimeProvider.System;
        var how = new SqliteConnectionStringBuilder(connectionString) { Cache = SqliteCacheMode.Private };
        if (_options.FindProblem() is { } problem)
            throw new SourceException($"The relay does not open '{how.DataSource}'. {problem}");
        if (how.Mode == SqliteOpenMode.Memory || how.DataSource is "" or ":memory:")
            throw new SourceException("A database in memory has no relay: other connections do not see it. Give the source a file.");
        if (how.Mode == SqliteOpenMode.ReadWriteCreate)
            how.Mode = SqliteOpenMode.ReadWrite;
        try
        {
            _database = SqliteDatabase.Open(how, _options.BusyTimeout);
        }
        catch (SqliteException e)
        {
            throw Failure(e, how.DataSource);
        }
        // A claim must be on disk before its event is sent, and a deletion is only undone by sending again.
        _database.Execute("PRAGMA synchronous = FULL");
        _marks = new(_clock);
        _turns = SqliteTurns.Of(Database);
        _watch = new(_database, SqliteWake.Of(Database), _clock);
    }

    /// <inheritdoc/>
    public string Database => System.IO.Path.GetFullPath(_database.Path);

    /// <inheritdoc/>
    public ValueTask<LeaseGrant?> AcquireAsync(LeaseRequest request, CancellationToken ct) =>
        UseAsync(
            database =>
            {
                _reader.Forget(request.Shard);
                return _marks.AcquireAsync(database, request, ct);
            },
            ct
        );

    /// <inheritdoc/>
    /// <remarks>The count is exact up to a few hundred rows; beyond, it is the span of the rows' sequences, which is never less.</remarks>
    public ValueTask<OutboxSnapshot> ReadAsync(OutboxQuery query, CancellationToken ct) =>
        UseAsync(
            database =>
            {
                // Before the snapshot: what committed before this instant is in it (protocol section 3).
                var clock = _clock.GetUtcNow();
                var read = database.Read(file =>
                {
                    var snapshot = _reader.Read(file, query, clock);
                    _watch.Seen();
                    return snapshot;
                });
                return ValueTask.FromResult(read);
            },
            ct
        );

    /// <inheritdoc/>
    public ValueTask<bool> CommitAsync(OutboxCommit commit, CancellationToken ct) =>
        UseAsync(
            async database =>
            {
                using var turn = await _turns.TakeAsync(_options.BusyTimeout, ct).ConfigureAwait(false);
                return await SqliteOutboxWriter.CommitAsync(database, commit, _clock, ct).ConfigureAwait(false);
            },
            ct
        );

    /// <inheritdoc/>
    public async ValueTask ReleaseAsync(string shard, Guid leaseId, CancellationToken ct) =>
        await UseAsync(database => _marks.ReleaseAsync(database, shard, leaseId, ct), ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask WaitAsync(TimeSpan timeout, CancellationToken ct) =>
        _watch.WaitAsync(timeout, look => UseAsync(_ => ValueTask.FromResult(look()), ct), ct);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _disposed = true;
        _marks.Dispose();
        _database.Dispose();
        _gate.Release();
    }

    private async ValueTask<T> UseAsync<T>(Func<SqliteDatabase, ValueTask<T>> work, CancellationToken ct)
    {
        await _gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return await work(_database).ConfigureAwait(false);
        }
        catch (SqliteException e)
        {
            throw Failure(e, _database.Path);
        }
        finally
        {
            _gate.Release();
        }
    }

    private SourceException Failure(SqliteException error, string path)
    {
        if (SqliteFault.IsMissingTable(error))
            return new($"'{path}': {SqliteFault.ExplainMissingTable(error)}", error);
        return new(
            SqliteFault.Explain(
                error,
                "source database",
                path,
                "Restore it from a backup; Statecast keeps no copy of a source.",
                _options.BusyTimeout
            ),
            error
        );
    }
}
