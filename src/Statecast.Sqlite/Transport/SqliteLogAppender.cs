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

    // As the transaction under way found them; another process may have stated higher ones before it. Null outside of one.
    private long[]? _floors;

    // The highest number in the transaction under way, by lane and sender.
    private readonly Dictionary<(int Lane, long Epoch, Guid Lease), long> _numbers = [];

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
        // Refused or not, it arrived: a source must find out that it was sent.
        var sender = (e.Lane.Number, e.Revision.Epoch, e.LeaseId);
        _numbers[sender] = Math.Max(e.LaneNumber, _numbers.GetValueOrDefault(sender));
        _floors ??= SqliteLogHeartbeat.ReadFloors(_database, Destination);
        if (guard.Judge(FindNewest(e.Key), e, _floors[e.Lane.Number]) == GuardVerdict.Supersede)
            return new(SendResult.Refused);
        SqliteLogRecord.Bind(_database.Prepare(_append), e).Run();
        var position = _database.LastInserted;
        _next[e.Lane.Number] = position + 1;
        _moved = true;
        return new(SendResult.Confirmed, position);
    }

    /// <summary>Stores the ends of the lanes that grew, and who sent what.</summary>
    public void WriteEnds()
    {
        foreach (var ((lane, epoch, lease), number) in _numbers)
            SqliteLogMarks.Write(_database, Destination, lane, epoch, lease, number);
        if (!_moved)
        {
            Forget();
            return;
        }
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
        _numbers.Clear();
        _floors = null;
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
