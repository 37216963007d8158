using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Sqlite.Files;
using Statecast.Transport;

namespace Statecast.Sqlite.Transport;

/// <summary>What one look at a file brought.</summary>
/// <param name="Batches">The lanes that have news.</param>
/// <param name="Heartbeat">The source's word, if it is a new one; read in the same snapshot.</param>
internal sealed record SqliteLogNews(List<LaneBatch> Batches, Heartbeat? Heartbeat);

/// <summary>
/// One source's file as one contract's target reads it. Never writes to it. A file that cannot be read is reported once, tried again with growing pauses,
/// and keeps nobody else waiting.
/// </summary>
internal sealed class SqliteLogFile(string path, SqliteLogOptions options, StateContract contract, TimeProvider clock, ILogger logger)
    : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private readonly string _records =
        $"SELECT position, {SqliteLogTables.RecordColumns} FROM {SqliteLogTables.Records(contract.Destination)} WHERE position >= ?1 ORDER BY position";

    private SqliteDatabase? _database;
    private long _dataVersion = -1;
    private Heartbeat? _heartbeat;
    private TimeSpan _pause;
    private long _failedAt;

    public string Path { get; } = path;

    /// <summary>What stood at the file's head when it was last opened.</summary>
    public SqliteLogHeader Header { get; private set; }

    /// <summary>The contract's destination in this file; null while the file does not list it.</summary>
    public SqliteLogDestination? Destination { get; private set; }

    /// <summary>Whether records are known to wait, whatever the file's version says.</summary>
    public bool HasMore { get; set; }

    /// <summary>Opens the file if it is not open, and looks for the destination if it was not there.</summary>
    public void Refresh()
    {
        if (_pause > TimeSpan.Zero && clock.GetElapsedTime(_failedAt) < _pause)
            return;
        try
        {
            if (_database is null)
                Open(_database = SqliteDatabase.Open(Path, SqliteAccess.Read, options.BusyTimeout));
            else if (Destination is null && _database.DataVersion() != _dataVersion)
                Open(_database);
        }
        // Whatever is wrong with one file is that file's matter.
        catch (Exception e)
        {
            Fail(e);
        }
    }

    /// <summary>Looks whether the path still leads to the file that is open; if not, it is opened anew.</summary>
    public void Verify()
    {
        if (_database is null)
            return;
        try
        {
            using var fresh = SqliteDatabase.Open(Path, SqliteAccess.Read, options.BusyTimeout);
            if (fresh.Read(SqliteLogHeader.Read) != Header)
                Close();
        }
        catch (SqliteException e)
        {
            Fail(e);
        }
    }

    /// <summary>Reads what is new, in one snapshot; null if nothing is.</summary>
    /// <param name="cursors">How far the lanes were read; advanced.</param>
    /// <param name="maxEvents">The most events.</param>
    /// <param name="maxBytes">The most bytes of bodies, but for the last event.</param>
    public SqliteLogNews? Read(SqliteLogCursor[] cursors, int maxEvents, long maxBytes)
    {
        if (_database is not { } database || Destination is not { } destination)
            return null;
        try
        {
            if (!HasMore && database.DataVersion() == _dataVersion)
                return null;
            var news = database.Read(_ => ReadSnapshot(database, destination, cursors, maxEvents, maxBytes));
            Recovered();
            return news.Batches.Count > 0 || news.Heartbeat is not null ? news : null;
        }
        // Whatever is wrong with one file is that file's matter.
        catch (Exception e)
        {
            Fail(e);
            return null;
        }
    }

    /// <summary>The lanes' ends now; zeros while the file cannot be read.</summary>
    public long[] ReadEnds()
    {
        try
        {
            if (_database is { } database && Destination is { } destination)
                return destination.ReadEnds(database);
        }
        catch (SqliteException e)
        {
            Fail(e);
        }
        return new long[Destination?.Lanes.Length ?? 0];
    }

    public void Dispose() => Close();

    private void Open(SqliteDatabase database)
    {
        (var before, Header, Destination, _dataVersion) = database.Read(_ =>
        {
            var header = SqliteLogHeader.Read(database);
            if (header.Refusal(Path) is { } refusal)
                throw new TransportException(refusal);
            var destination = header.Kind == SqliteLogKind.Empty ? null : SqliteLogDestination.Find(database, contract.Destination);
            return (Header, header, destination, database.DataVersion());
        });
        if (before.Incarnation != Header.Incarnation)
            _heartbeat = null;
        HasMore = true;
        // With a destination the file has still to show that it can be read.
        if (Destination is null)
            Recovered();
    }

    private SqliteLogNews ReadSnapshot(
        SqliteDatabase database,
        SqliteLogDestination destination,
        SqliteLogCursor[] cursors,
        int maxEvents,
        long maxBytes
    )
    {
        var ends = destination.ReadEnds(database);
        var scan = new SqliteLogScan(destination, Header.Source, cursors);
        var start = StartOf(cursors, ends);
        var scanned = ends.Max();
        if (start < scanned)
            scanned = Scan(database, scan, start, scanned, maxEvents, Math.Min(maxBytes, options.MaxDeliveryBytes));
        // The version belongs to the snapshot: a commit after it shows as another.
        _dataVersion = database.DataVersion();
        var heartbeat = SqliteLogHeartbeat.Read(database, destination, Header.Source, _heartbeat);
        _heartbeat = heartbeat ?? _heartbeat;
        return new(scan.Batches(scanned, ends), heartbeat);
    }

    // The lowest position that a lane with something unread still needs.
    private long StartOf(SqliteLogCursor[] cursors, long[] ends)
    {
        var start = long.MaxValue;
        for (var lane = 0; lane < cursors.Length; lane++)
        {
            var cursor = cursors[lane];
            if (!cursor.Sought)
                continue;
            if (cursor.Next > ends[lane])
            {
                LogMessages.WentBack(logger, lane, contract.Destination, Path, ends[lane], cursor.Next);
                cursor.BeginAnew();
            }
            if (cursor.From < ends[lane])
                start = Math.Min(start, cursor.From);
        }
        return start;
    }

    private long Scan(SqliteDatabase database, SqliteLogScan scan, long start, long end, int maxEvents, long maxBytes)
    {
        var statement = database.Prepare(_records).Bind(1, start);
        HasMore = false;
        try
        {
            while (statement.Step())
                if (scan.Take(statement) && (scan.Count >= maxEvents || scan.Bytes >= maxBytes))
                {
                    HasMore = true;
                    return scan.Position + 1;
                }
            return end;
        }
        catch (SqliteException) when (scan.Count > 0)
        {
            // What was read before the damaged place is delivered; the next read begins there, and fails alone.
            HasMore = true;
            return scan.Position + 1;
        }
        finally
        {
            statement.Reset();
        }
    }

    private void Recovered()
    {
        if (_pause > TimeSpan.Zero)
            LogMessages.FileRecovered(logger, Path, contract.Destination);
        _pause = TimeSpan.Zero;
    }

    private void Fail(Exception e)
    {
        if (_pause == TimeSpan.Zero)
            LogMessages.FileFailing(
                logger,
                e is TransportException ? null : e,
                Path,
                contract.Destination,
                e is SqliteException error ? SqliteLogTransport.Explain(error, Path, options) : e.Message
            );
        _pause = _pause == TimeSpan.Zero ? FirstPause : TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, 2 * _pause.Ticks));
        _failedAt = clock.GetTimestamp();
        Close();
    }

    private void Close()
    {
        _database?.Dispose();
        _database = null;
        _dataVersion = -1;
    }
}
