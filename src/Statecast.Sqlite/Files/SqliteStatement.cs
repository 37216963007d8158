using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Sqlite.Files;

/// <summary>
/// One prepared statement over the provider's own handle. Commands and parameters of the provider allocate and look names up at every run;
/// stores that write thousands of rows a second bind by number, from spans.
/// Parameters count from 1, columns from 0. Not safe for several threads, like its connection.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private const uint Persistent = 1;
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, Persistent, out _statement));
    }

    /// <summary>A statement that is used once: SQLite makes it in memory that it keeps ready, which takes a third less time.</summary>
    public SqliteStatement(sqlite3 database, ReadOnlySpan<byte> sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, 0, out _statement));
    }

    public SqliteStatement Bind(int parameter, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, long? value) => value is { } number ? Bind(parameter, number) : BindNull(parameter);

    public SqliteStatement Bind(int parameter, bool value) => Bind(parameter, value ? 1L : 0L);

    public SqliteStatement Bind(int parameter, DateTimeOffset? time) =>
        time is { } known ? Bind(parameter, Microseconds(known)) : BindNull(parameter);

    public SqliteStatement Bind(int parameter, string? text)
    {
        if (text is null)
            return BindNull(parameter);
        const int onStack = 1024;
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = null;
        var buffer = most <= onStack ? stackalloc byte[onStack] : (rented = ArrayPool<byte>.Shared.Rent(most));
        var length = Encoding.UTF8.GetBytes(text, buffer);
        BindText(parameter, buffer[..length]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return this;
    }

    /// <summary>Binds text that is UTF-8 already.</summary>
    public SqliteStatement BindText(int parameter, ReadOnlySpan<byte> utf8)
    {
        // An empty span has no address, and SQLite takes that for NULL.
        Check(utf8.IsEmpty ? raw.sqlite3_bind_text(_statement, parameter, "") : raw.sqlite3_bind_text(_statement, parameter, utf8));
        return this;
    }

    public SqliteStatement Bind(int parameter, ReadOnlySpan<byte> bytes)
    {
        Check(bytes.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, parameter, 0) : raw.sqlite3_bind_blob(_statement, parameter, bytes));
        return this;
    }

    public SqliteStatement Bind(int parameter, Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return Bind(parameter, bytes);
    }

    public SqliteStatement Bind(int parameter, Fingerprint? fingerprint)
    {
        if (fingerprint is not { } known)
            return BindNull(parameter);
        Span<byte> bytes = stackalloc byte[Serialization.Fingerprint.Size];
        known.Write(bytes);
        return Bind(parameter, bytes);
    }

    public SqliteStatement BindNull(int parameter)
    {
        Check(raw.sqlite3_bind_null(_statement, parameter));
        return this;
    }

    /// <summary>Steps once; true with a row. After the last row, and after a failure, the statement is reset.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW)
            return true;
        // The message belongs to the connection and survives the reset, the statement's locks must not.
        if (result == raw.SQLITE_DONE)
            raw.sqlite3_reset(_statement);
        else
            Fail(result);
        return false;
    }

    /// <summary>Runs a statement that returns no rows, and says how many it changed.</summary>
    public int Run()
    {
        while (Step()) { }
        return raw.sqlite3_changes(_database);
    }

    /// <summary>Runs a statement that returns no rows; false, without an exception, if another connection holds the lock that it needs.</summary>
    public bool TryRun()
    {
        var result = raw.sqlite3_step(_statement);
        if ((result & 0xff) != raw.SQLITE_BUSY)
        {
            if (result == raw.SQLITE_DONE)
                raw.sqlite3_reset(_statement);
            else
                Fail(result);
            return true;
        }
        raw.sqlite3_reset(_statement);
        return false;
    }

    /// <summary>Ends a read before its last row; gives the snapshot back outside a transaction.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    /// <summary>Whether the stored value is of the storage class that the layout writes there.</summary>
    public bool IsOfType(int column, int storageClass) => raw.sqlite3_column_type(_statement, column) == storageClass;

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public int Int32(int column) => raw.sqlite3_column_int(_statement, column);

    public bool Boolean(int column) => Int64(column) != 0;

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public string Text(int column) => Encoding.UTF8.GetString(Span(column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>Valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Span(int column) => raw.sqlite3_column_blob(_statement, column);

    public byte[] Bytes(int column) => Span(column).ToArray();

    public Guid Guid(int column) => new(Span(column), bigEndian: true);

    public Guid? GuidOrNull(int column) => IsNull(column) ? null : Guid(column);

    public Fingerprint Fingerprint(int column) => Serialization.Fingerprint.Read(Span(column));

    public Fingerprint? FingerprintOrNull(int column) => IsNull(column) ? null : Fingerprint(column);

    public StateRevision Revision(int epochColumn, int numberColumn) => new(Int64(epochColumn), Int64(numberColumn));

    public DateTimeOffset Time(int column) => DateTimeOffset.UnixEpoch.AddTicks(Int64(column) * TimeSpan.TicksPerMicrosecond);

    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    public void Dispose() => _statement.Dispose();

    /// <summary>Times are stored as Unix microseconds.</summary>
    public static long Microseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private void Fail(int result)
    {
        var failure = raw.sqlite3_reset(_statement);
        Check(failure == raw.SQLITE_OK ? result : failure);
        throw new SqliteException($"SQLite returned the unknown code {result}.", result);
    }

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
            SqliteException.ThrowExceptionForRC(result, _database);
    }
}
