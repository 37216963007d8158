using Statecast.Events;
using Statecast.Sqlite.Files;
using Statecast.Transport;

namespace Statecast.Sqlite.Transport;

/// <summary>Appends to one destination, within the sender's transactions.</summary>
internal sealed class SqliteLogAppender
{
    private readonly SqliteDatabase _database;
    private readonly string _newest;
    private readonly string _append;

    // One beyond the last record appended in the transaction under way, by lane; 0 where there was none.
    private readonly long[] _next;
    private bool _moved;

    public SqliteLogAppender(SqliteDatabase database, SqliteLogDestination destination)
    {
        _database = database;
        Destination = destination;
        _next = new long[destination.Lanes.Length];
        var records = SqliteLogTables.Records(destination.Name);
        _newest = $"SELECT epoch, revision, operation, content FROM {records} WHERE key = ?1";
        // REPLACE removes the record with the same key first: the newest of every key is all that stays.
        _append =
            $"INSERT OR REPLACE INTO {records} ({SqliteLogTables.RecordColumns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    }

    public SqliteLogDestination Destination { get; }

    /// <summary>Appends one event if the guard accepts it.</summary>
    public SendOutcome Append(IGuard guard, StateEvent e)
    {
        if (guard.Judge(FindNewest(e.Key), e, floorEpoch: 0) == GuardVerdict.Supersede)
            return new(SendResult.Refused);
        SqliteLogRecord.Bind(_database.Prepare(_append), e).Run();
        var position = _database.LastInserted;
        _next[e.Lane.Number] = position + 1;
        _moved = true;
        return new(SendResult.Confirmed, position);
    }

    /// <summary>Stores the ends of the lanes that grew.</summary>
    public void WriteEnds()
    {
        if (!_moved)
            return;
        for (var lane = 0; lane < _next.Length; lane++)
            if (_next[lane] > 0)
                _database
                    .Prepare(
                        "INSERT INTO lane (destination, number, next) VALUES (?1, ?2, ?3) ON CONFLICT (destination, number) DO UPDATE SET next = excluded.next"
                    )
                    .Bind(1, Destination.Id)
                    .Bind(2, lane)
                    .Bind(3, _next[lane])
                    .Run();
        Forget();
    }

    /// <summary>Forgets what was appended: it is stored, or undone.</summary>
    public void Forget()
    {
        Array.Clear(_next);
        _moved = false;
    }

    private KeyNewest? FindNewest(string key)
    {
        var statement = _database.Prepare(_newest).Bind(1, key);
        if (!statement.Step())
            return null;
        var newest = new KeyNewest(
            statement.Revision(0, 1),
            statement.Int64(2) == (long)StateOperation.Delete,
            statement.FingerprintOrNull(3)
        );
        statement.Reset();
        return newest;
    }
}
