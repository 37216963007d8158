using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Capture;

/// <summary>What capture needs of the application's connection: its handle, inside a transaction, with the write lock held.</summary>
internal static class SqliteCaptureScope
{
    // Changes nothing and still starts a write: SQLite takes the lock before it looks at the WHERE.
    private const string TakeWriteLock = "UPDATE statecast_source SET epoch = epoch WHERE 0";

    private static ReadOnlySpan<byte> TakeWriteLockUtf8 => "UPDATE statecast_source SET epoch = epoch WHERE 0"u8;

    public static sqlite3 Handle(CaptureScope scope)
    {
        var connection = ConnectionOf(scope);
        var handle =
            connection.Handle
            ?? throw new InvalidOperationException("Capture was handed a closed connection: open it and begin a transaction first.");
        if (raw.sqlite3_get_autocommit(handle) != 0)
            throw new InvalidOperationException(
                "Capture needs the transaction in which the rows were changed, and there is none. SQLite has no System.Transactions scope: use BeginTransaction."
            );
        return handle;
    }

    public static SqliteCaptureStatements StatementsOf(CaptureScope scope, sqlite3 handle) =>
        SqliteCaptureStatements.Of(ConnectionOf(scope), handle);

    /// <summary>As the other; for what is prepared seldom.</summary>
    public static SqliteStatement Prepare(sqlite3 handle, string sql) => Prepare(handle, Encoding.UTF8.GetBytes(sql));

    public static SqliteStatement Prepare(sqlite3 handle, ReadOnlySpan<byte> sql)
    {
        try
        {
            return new(handle, sql);
        }
        catch (SqliteException error) when (SqliteFault.IsMissingTable(error))
        {
            throw new SourceException(SqliteFault.ExplainMissingTable(error), error);
        }
        catch (SqliteException error) when (error.Message.Contains("no such column", StringComparison.Ordinal))
        {
            throw new SourceException(
                $"{error.Message.TrimEnd('.')}. Statecast's tables have an older layout than {TableLayout.Version}: add and apply a migration.",
                error
            );
        }
    }

    /// <summary>
    /// After a save's own statements the write lock is held already. In a deferred transaction that only read so far
    /// it must be taken before the heads are read, or they could change in between.
    /// </summary>
    public static void RequireWriteLock(CaptureScope scope, sqlite3 handle)
    {
        if (scope.Wrote || scope.OnlyReads)
            return;
        using var statement = Prepare(handle, TakeWriteLockUtf8);
        try
        {
            statement.Run();
        }
        catch (SqliteException busy)
            when (busy.SqliteErrorCode == raw.SQLITE_BUSY && busy.SqliteExtendedErrorCode != raw.SQLITE_BUSY_SNAPSHOT)
        {
            // The provider's command waits for the lock as long as the application allows its commands to take.
            var connection = ConnectionOf(scope);
            using var command = connection.CreateCommand();
            command.Transaction = (SqliteTransaction?)scope.Transaction;
            command.CommandText = TakeWriteLock;
            command.ExecuteNonQuery();
        }
    }

    /// <summary>
    /// Takes the write lock for a deferred transaction in which nothing was read yet, waiting for other writers. Looks every millisecond: whoever waits inside SQLite sleeps through most of what another writer leaves free.
    /// </summary>
    public static async ValueTask TakeWriteLockAsync(
        SqliteConnection connection,
        TimeSpan patience,
        TimeProvider clock,
        CancellationToken ct
    )
    {
        var handle = connection.Handle!;
        var began = clock.GetTimestamp();
        // A new connection reads the schema first, and may find even that locked: where there is no write-ahead log, while another commits.
        SqliteCaptureStatements.WaitInSqlite(connection, handle);
        using var statement = Prepare(handle, TakeWriteLockUtf8);
        raw.sqlite3_busy_timeout(handle, 0);
        try
        {
            while (!statement.TryRun())
            {
                if (clock.GetElapsedTime(began) >= patience)
                {
                    statement.Run();
                    return;
                }
                await Task.Delay(SqliteDatabase.Look, clock, ct).ConfigureAwait(false);
            }
        }
        finally
        {
            SqliteCaptureStatements.WaitInSqlite(connection, handle);
        }
    }

    /// <summary>Whether readers and the writer keep out of each other's way.</summary>
    public static bool HasWriteAheadLog(SqliteConnection connection)
    {
        var handle = connection.Handle!;
        // A new connection reads the schema first, and may find it locked for a moment.
        SqliteCaptureStatements.WaitInSqlite(connection, handle);
        using var mode = Prepare(handle, "PRAGMA journal_mode"u8);
        return mode.Step() && mode.Text(0) == "wal";
    }

    private static SqliteConnection ConnectionOf(CaptureScope scope) =>
        scope.Connection as SqliteConnection
        ?? throw new InvalidOperationException(
            $"Capture on SQLite needs a SqliteConnection; the application's is a {scope.Connection.GetType().Name}."
        );
}
