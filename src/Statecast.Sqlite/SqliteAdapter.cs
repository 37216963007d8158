using System.Data.Common;
using Microsoft.Data.Sqlite;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite.Capture;
using Statecast.Sqlite.Files;
using Statecast.Sqlite.Outbox;

namespace Statecast.Sqlite;

/// <summary>Sources whose database is SQLite, opened by EF Core's SQLite provider.</summary>
/// <param name="options">Settings of the relay's connection; null for the defaults.</param>
/// <param name="clock">Null for the machine's.</param>
public sealed class SqliteAdapter(SqliteOptions? options = null, TimeProvider? clock = null) : IDatabaseAdapter
{
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;

    /// <summary>The EF Core provider's name.</summary>
    public const string Provider = "Microsoft.EntityFrameworkCore.Sqlite";

    /// <inheritdoc/>
    public string ProviderName => Provider;

    /// <inheritdoc/>
    public Type ConnectionType => typeof(SqliteConnection);

    /// <inheritdoc/>
    public string TableScript => SqliteTableScript.Create;

    /// <inheritdoc/>
    public ICaptureStore Capture => SqliteCaptureStore.Instance;

    /// <inheritdoc/>
    public string Locate(DbConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        // While it is open, this is the file that SQLite opened: relative and URI names are resolved. What is in memory has no file, but may have a name.
        if (connection.DataSource is { Length: > 0 } file)
            return SqlitePath.Comparable(file);
        return connection is SqliteConnection
            ? $"memory '{new SqliteConnectionStringBuilder(connection.ConnectionString).DataSource}'"
            : connection.GetType().Name;
    }

    /// <inheritdoc/>
    public async ValueTask<SourceTransaction> BeginAsync(DbConnection connection, CancellationToken ct)
    {
        if (connection is not SqliteConnection sqlite)
            return new(await connection.BeginTransactionAsync(ct).ConfigureAwait(false));
        // What is in memory has no file, and no relay to take turns with.
        var turn = sqlite.DataSource is { Length: > 0 } file
            ? await SqliteTurns.Of(Path.GetFullPath(file)).TakeAsync(PatienceOf(sqlite), ct).ConfigureAwait(false)
            : null;
        // Deferred: it takes no lock, and so does not wait for one.
        var transaction = new SourceTransaction(sqlite.BeginTransaction(deferred: true), turn);
        try
        {
            await SqliteCaptureScope.TakeWriteLockAsync(sqlite, PatienceOf(sqlite), _clock, ct).ConfigureAwait(false);
            return transaction;
        }
        catch
        {
            await transaction.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A snapshot beside the one who writes; null where there is no write-ahead log, since there a reader keeps writers waiting.</summary>
    /// <inheritdoc/>
    public ValueTask<SourceTransaction?> BeginReadAsync(DbConnection connection, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return new(
            connection is SqliteConnection sqlite && SqliteCaptureScope.HasWriteAheadLog(sqlite)
                ? new SourceTransaction(sqlite.BeginTransaction(deferred: true))
                : null
        );
    }

    /// <inheritdoc/>
    public IOutboxStore OpenOutbox(string connectionString) => new SqliteOutboxStore(connectionString, options, _clock);

    // As long as the application lets its commands take.
    private static TimeSpan PatienceOf(SqliteConnection connection) => TimeSpan.FromSeconds(Math.Max(1, connection.DefaultTimeout));
}
