using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Statecast.Sqlite.Files;

/// <summary>How a file is opened.</summary>
internal enum SqliteAccess
{
    /// <summary>Reads and writes a file that exists.</summary>
    Write,

    /// <summary>Never writes to the file.</summary>
    Read,
}

/// <summary>
/// One connection of our own with its prepared statements. Used by one caller at a time.
/// Write transactions begin immediate: a deferred one that read first can never write once another wrote (SQLITE_BUSY_SNAPSHOT), however long it waits.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    private const string Immediate = "BEGIN IMMEDIATE";

    /// <summary>How often who waits for the write lock looks whether it is free.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    private readonly SqliteConnection _connection;
    private readonly sqlite3 _handle;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    private readonly TimeSpan _busyTimeout;

    private SqliteDatabase(SqliteConnection connection, TimeSpan busyTimeout)
    {
        _connection = connection;
        _handle = connection.Handle!;
        _busyTimeout = busyTimeout;
        Path = connection.DataSource;
    }

    /// <summary>The file's full path, as SQLite resolved it.</summary>
    public string Path { get; }

    /// <summary>The row number that the last insert gave.</summary>
    public long LastInserted => raw.sqlite3_last_insert_rowid(_handle);

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>Opens a file that exists.</summary>
    /// <exception cref="SqliteException">The file cannot be opened or is no database.</exception>
    public static SqliteDatabase Open(string path, SqliteAccess access, TimeSpan busyTimeout) =>
        Open(
            new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Mode = access == SqliteAccess.Read ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWrite,
            },
            busyTimeout
        );

    /// <summary>Opens a database by an application's own connection string, on a connection outside its pool.</summary>
    /// <exception cref="SqliteException">The file cannot be opened or is no database.</exception>
    public static SqliteDatabase Open(SqliteConnectionStringBuilder how, TimeSpan busyTimeout)
    {
        how.Pooling = false;
        // The provider has a retry loop of its own, up to the command time-out, beside SQLite's busy handler: both get the same cap.
        how.DefaultTimeout = (int)Math.Ceiling(busyTimeout.TotalSeconds);
        var connection = new SqliteConnection(how.ConnectionString);
        try
        {
            connection.Open();
            var database = new SqliteDatabase(connection, busyTimeout);
            database.WaitWhenBusy(busyTimeout);
            return database;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A prepared statement, kept for the connection's life and handed out reset. One text is used by one reader at a time.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement))
            // Usually it is reset already; not where its last reader threw between two rows.
            statement.Reset();
        else
            _statements.Add(sql, statement = new(_handle, sql));
        return statement;
    }

    /// <summary>Runs a statement that is not worth keeping.</summary>
    public void Execute(string sql)
    {
        using var statement = new SqliteStatement(_handle, sql);
        statement.Run();
    }

    /// <summary>Runs statements that return no rows, separated by semicolons.</summary>
    public void ExecuteScript(string sql)
    {
        foreach (var statement in sql.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            Execute(statement);
    }

    /// <summary>Switches the file to a write-ahead log, so that readers and the writer do not wait for each other, and bounds the log's size at rest.</summary>
    /// <exception cref="IOException">The file system cannot hold one.</exception>
    public void UseWriteAheadLog()
    {
        using (var statement = new SqliteStatement(_handle, "PRAGMA journal_mode = WAL"))
        {
            statement.Step();
            var mode = statement.Text(0);
            statement.Reset();
            if (mode != "wal")
                throw new IOException($"The journal mode of '{Path}' stays '{mode}': a write-ahead log needs a local file system.");
        }
        Execute($"PRAGMA journal_size_limit = {64 << 20}");
        // Fewer and larger checkpoints: in a catch-up the same pages are changed by every batch (measured: a tenth less processor time).
        Execute("PRAGMA wal_autocheckpoint = 4000");
    }

    /// <summary>The first column of the first row of a statement that is not worth keeping; 0 without a row.</summary>
    public long Scalar(string sql)
    {
        using var statement = new SqliteStatement(_handle, sql);
        var value = statement.Step() ? statement.Int64(0) : 0;
        statement.Reset();
        return value;
    }

    /// <summary>Changes when another connection committed; inside a transaction it belongs to the transaction's snapshot.</summary>
    public long DataVersion()
    {
        var statement = Prepare("PRAGMA data_version");
        statement.Step();
        var version = statement.Int64(0);
        statement.Reset();
        return version;
    }

    /// <summary>Begins a snapshot: it is taken by the first read.</summary>
    public void BeginRead() => Prepare("BEGIN").Run();

    /// <summary>
    /// Begins to write, waiting for another writer at most the busy time-out. Looks every millisecond: SQLite's own waits grow to 100 ms and miss every
    /// gap that a busy application leaves (measured beside 100 saves a second: up to 400 ms).
    /// </summary>
    public async ValueTask BeginWriteAsync(TimeProvider clock, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        while (!TryBeginWrite())
        {
            if (clock.GetElapsedTime(began) >= _busyTimeout)
            {
                Prepare(Immediate).Run();
                return;
            }
            await Task.Delay(Look, clock, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Commits.</summary>
    public void Commit() => Prepare("COMMIT").Run();

    /// <summary>Undoes what is open, if anything is: some failures end the transaction by themselves.</summary>
    public void Rollback()
    {
        if (InTransaction)
            Prepare("ROLLBACK").Run();
    }

    /// <summary>Runs work in one write transaction and commits; undone if it throws.</summary>
    public async ValueTask<T> WriteAsync<T>(Func<SqliteDatabase, T> work, TimeProvider clock, CancellationToken ct)
    {
        await BeginWriteAsync(clock, ct).ConfigureAwait(false);
        try
        {
            var result = work(this);
            Commit();
            return result;
        }
        finally
        {
            Rollback();
        }
    }

    /// <summary>Runs reads in one snapshot.</summary>
    public T Read<T>(Func<SqliteDatabase, T> work)
    {
        BeginRead();
        try
        {
            return work(this);
        }
        finally
        {
            Rollback();
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _statements.Clear();
        _connection.Dispose();
    }

    private bool TryBeginWrite()
    {
        WaitWhenBusy(TimeSpan.Zero);
        try
        {
            return Prepare(Immediate).TryRun();
        }
        finally
        {
            WaitWhenBusy(_busyTimeout);
        }
    }

    // The same as PRAGMA busy_timeout.
    private void WaitWhenBusy(TimeSpan time) => raw.sqlite3_busy_timeout(_handle, (int)time.TotalMilliseconds);
}
