using System.Data;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Capture;

/// <summary>
/// Capture's statements, kept while the application's connection is open: preparing them costs as much as running them.
/// A connection serves one caller at a time, and so do they. They go when it closes, so that no handle outlives it.
/// </summary>
internal sealed class SqliteCaptureStatements
{
    private static readonly ConditionalWeakTable<SqliteConnection, SqliteCaptureStatements> Open = [];

    private readonly sqlite3 _handle;
    private SqliteStatement? _readEpoch;
    private SqliteStatement? _readHead;
    private SqliteStatement? _addHead;
    private SqliteStatement? _raiseHead;
    private SqliteStatement? _addRow;
    private SqliteStatement? _readBase;
    private SqliteStatement? _writeBase;

    private SqliteCaptureStatements(sqlite3 handle) => _handle = handle;

    public SqliteStatement ReadEpoch => _readEpoch ??= SqliteCaptureScope.Prepare(_handle, SqliteSourceRow.Select);

    public SqliteStatement ReadHead =>
        _readHead ??= SqliteCaptureScope.Prepare(
            _handle,
            "SELECT revision, deleted, schema, content FROM statecast_head WHERE contract = ?1 AND key = ?2"u8
        );

    public SqliteStatement AddHead =>
        _addHead ??= SqliteCaptureScope.Prepare(
            _handle,
            """
            INSERT INTO statecast_head (contract, key, bucket, revision, deleted, schema, content, operation_id)
            VALUES (?1, ?2, ?8, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (contract, key) DO UPDATE SET
                revision = excluded.revision, deleted = excluded.deleted, schema = excluded.schema,
                content = excluded.content, operation_id = excluded.operation_id, body = NULL
            """u8
        );

    public SqliteStatement RaiseHead =>
        _raiseHead ??= SqliteCaptureScope.Prepare(
            _handle,
            """
            UPDATE statecast_head SET revision = ?3, deleted = ?4, schema = ?5, content = ?6, operation_id = ?7,
                patches = NULL, full_at = NULL, body = NULL
            WHERE contract = ?1 AND key = ?2
            """u8
        );

    /// <summary>A head of a publication with patches.</summary>
    public SqliteStatement ReadBase =>
        _readBase ??= SqliteCaptureScope.Prepare(
            _handle,
            "SELECT revision, deleted, schema, content, patches, full_at, body FROM statecast_head WHERE contract = ?1 AND key = ?2"u8
        );

    /// <summary>Writes one.</summary>
    public SqliteStatement WriteBase =>
        _writeBase ??= SqliteCaptureScope.Prepare(
            _handle,
            """
            INSERT INTO statecast_head (contract, key, bucket, revision, deleted, schema, content, operation_id, patches, full_at, body)
            VALUES (?1, ?2, ?8, ?3, ?4, ?5, ?6, ?7, ?9, ?10, ?11)
            ON CONFLICT (contract, key) DO UPDATE SET
                revision = excluded.revision, deleted = excluded.deleted, schema = excluded.schema,
                content = excluded.content, operation_id = excluded.operation_id,
                patches = excluded.patches, full_at = excluded.full_at, body = excluded.body
            """u8
        );

    public SqliteStatement AddRow =>
        _addRow ??= SqliteCaptureScope.Prepare(
            _handle,
            """
            INSERT INTO statecast_outbox (carrier, destination, lane, contract, key, revision, operation, causes, codec,
                schema, content, body, trace_parent, trace_state, captured_at, keep_each, base)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
            """u8
        );

    public static SqliteCaptureStatements Of(SqliteConnection connection, sqlite3 handle)
    {
        if (Open.TryGetValue(connection, out var known))
            return known;
        // From its next transaction on.
        WaitInSqlite(connection, handle);
        var statements = new SqliteCaptureStatements(handle);
        Open.Add(connection, statements);
        connection.StateChange += Forget;
        return statements;
    }

    /// <summary>
    /// Lets a connection wait for the relay's short transactions inside SQLite, by milliseconds. The provider's own wait is a loop of 150 ms sleeps that blocks a
    /// thread (measured: at 100 saves a second one in twenty met it).
    /// </summary>
    public static void WaitInSqlite(SqliteConnection connection, sqlite3 handle) =>
        raw.sqlite3_busy_timeout(handle, 1000 * Math.Max(1, connection.DefaultTimeout));

    private static void Forget(object sender, StateChangeEventArgs change)
    {
        if (change.CurrentState == ConnectionState.Open)
            return;
        var connection = (SqliteConnection)sender;
        connection.StateChange -= Forget;
        if (!Open.TryGetValue(connection, out var statements))
            return;
        Open.Remove(connection);
        statements._readEpoch?.Dispose();
        statements._readHead?.Dispose();
        statements._addHead?.Dispose();
        statements._raiseHead?.Dispose();
        statements._addRow?.Dispose();
        statements._readBase?.Dispose();
        statements._writeBase?.Dispose();
    }
}
