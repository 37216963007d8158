using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>One batch's transaction: holds the file's gate and its write lock from the load to the commit, so that handlers finishing meanwhile cannot be overwritten.</summary>
internal sealed class SqliteReplicaUnit : IReplicaUnit
{
    private readonly SqliteReplicaFile _file;
    private readonly SqliteReplica _replica;
    private readonly SqliteDatabase _database;
    private readonly string[] _keys;
    private readonly LoadedRow?[] _rows;

    // Numbers by key, made when a key is asked for out of turn.
    private Dictionary<string, int>? _numbers;
    private int _asked = -1;
    private Dictionary<string, ParkedEvent>? _parked;

    // By the key's number: written already, and not to be looked at.
    private bool[]? _followed;
    private long _added;
    private bool _loaded;
    private bool _ended;

    private SqliteReplicaUnit(SqliteReplicaFile file, SqliteReplica replica, IReadOnlyCollection<string> keys)
    {
        _file = file;
        _replica = replica;
        _database = file.Writer;
        _keys = [.. keys];
        _rows = new LoadedRow?[_keys.Length];
    }

    /// <summary>Begins; the caller holds the gate, which passes to the unit unless this throws. Rows are loaded once one is asked for.</summary>
    public static async ValueTask<SqliteReplicaUnit> BeginAsync(
        SqliteReplicaFile file,
        SqliteReplica replica,
        IReadOnlyCollection<string> keys,
        CancellationToken ct
    )
    {
        var unit = new SqliteReplicaUnit(file, replica, keys);
        await file.Writer.BeginWriteAsync(file.Clock, ct).ConfigureAwait(false);
        return unit;
    }

    public ReplicaRow? Find(string key)
    {
        Load();
        return NumberOf(key, ref _asked) is var number and >= 0 ? _rows[number]?.Row : null;
    }

    public ParkedEvent? FindParked(string key)
    {
        Load();
        return _parked?.GetValueOrDefault(key);
    }

    public WaitingPatches Waiting => _replica.Waiting.All;

    public IReadOnlyList<StateEvent> FindWaiting(string key) => _replica.Waiting.Find(_database, key);

    public StoredBody? FindBody(string key) =>
        _replica.Rows.Find(_database, key) is { Deleted: false } row ? new(row.Codec, row.Schema, row.Body) { Major = row.Major } : null;

    public bool Follows => _replica.Parked == 0;

    // In the order of the keys: the walk through their tree goes one way.
    public IReadOnlyList<string> Follow(IReadOnlyList<ReplicaRow> rows, out long added)
    {
        try
        {
            var sorted = rows.ToArray();
            var keys = Array.ConvertAll(sorted, static row => row.Key);
            Array.Sort(keys, sorted, StringComparer.Ordinal);
            var left = new List<string>();
            _followed = new bool[_keys.Length];
            var last = _replica.Rows.Last(_database);
            foreach (var row in sorted)
                if (!_replica.Rows.Follow(_database, row))
                    left.Add(row.Key);
            added = _added = _replica.Rows.Last(_database) - last;
            foreach (var row in rows)
                if (NumberOf(row.Key, ref _asked) is var number and >= 0)
                    _followed[number] = true;
            foreach (var key in left)
                if (NumberOf(key, ref _asked) is var number and >= 0)
                    _followed[number] = false;
            _asked = -1;
            return left;
        }
        catch (SqliteException e)
        {
            throw _file.Failure(e);
        }
    }

    public ValueTask CommitAsync(ReplicaPlan plan, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        ct.ThrowIfCancellationRequested();
        try
        {
            foreach (var change in plan.Pending)
                SqliteReplicaPending.Write(_database, _replica, change);
            var keys = _replica.Keys + _added + WriteRows(plan.Rows, plan.Written);
            var parked = _replica.Parked;
            foreach (var key in plan.Unpark)
                parked -= SqliteReplicaParked.Remove(_database, _replica, key);
            foreach (var park in plan.Park)
                parked += SqliteReplicaParked.Put(_database, _replica, park);
            _replica.Waiting.Write(_database, plan.Waiting);
            WritePositions(plan);
            WriteReplica(plan, keys);
            _database.Commit();
            plan.RowsAreCopied = true;
            _replica.Keys = keys;
            _replica.Parked = parked;
            _replica.Waiting.Committed(plan.Waiting);
            return ValueTask.CompletedTask;
        }
        catch (SqliteException e)
        {
            throw _file.Failure(e);
        }
        finally
        {
            End();
        }
    }

    public ValueTask DisposeAsync()
    {
        if (!_ended)
            End();
        return ValueTask.CompletedTask;
    }

    // Sorted, so that the walk through the keys' tree goes one way.
    private void Load()
    {
        if (_loaded)
            return;
        var numbers = Enumerable.Range(0, _keys.Length).Where(n => _followed is null || !_followed[n]).ToArray();
        var sorted = Array.ConvertAll(numbers, n => _keys[n]);
        Array.Sort(sorted, numbers, StringComparer.Ordinal);
        try
        {
            for (var i = 0; i < sorted.Length; i++)
            {
                _rows[numbers[i]] = _replica.Rows.Load(_database, sorted[i]);
                if (_replica.Parked > 0 && SqliteReplicaParked.Find(_database, _replica, sorted[i]) is { } parked)
                    (_parked ??= new(StringComparer.Ordinal))[sorted[i]] = parked;
            }
        }
        catch (SqliteException e)
        {
            throw _file.Failure(e);
        }
        _loaded = true;
    }

    // Rows are asked for, and written, in the order of the keys: the next is most often the one after the last, or soon after.
    private int NumberOf(string key, ref int last)
    {
        const int near = 8;
        for (var i = last + 1; i < Math.Min(_keys.Length, last + near); i++)
            if (_keys[i] == key)
                return last = i;
        if (_numbers is null)
        {
            _numbers = new(_keys.Length, StringComparer.Ordinal);
            for (var i = 0; i < _keys.Length; i++)
                _numbers[_keys[i]] = i;
        }
        return _numbers.TryGetValue(key, out var number) ? last = number : -1;
    }

    // Replaced rows in the order of the table, new ones in the order of the keys: each page is dirtied once.
    private long WriteRows(List<ReplicaRow> rows, int from)
    {
        if (from == rows.Count)
            return 0;
        Load();
        var difference = 0L;
        var replaced = new List<(LoadedRow Old, ReplicaRow Row)>(rows.Count);
        var added = new List<ReplicaRow>();
        var last = -1;
        foreach (var row in CollectionsMarshal.AsSpan(rows)[from..])
        {
            var old = NumberOf(row.Key, ref last) is var number and >= 0 ? _rows[number] : _replica.Rows.Load(_database, row.Key);
            if (old is not { } loaded)
            {
                added.Add(row);
                difference += row.Deleted ? 0 : 1;
                continue;
            }
            replaced.Add((loaded, row));
            difference += (loaded.Row.Deleted ? 1 : 0) - (row.Deleted ? 1 : 0);
        }
        replaced.Sort(static (left, right) => left.Old.RowId.CompareTo(right.Old.RowId));
        foreach (var (old, row) in replaced)
            _replica.Rows.Update(_database, old, row);
        added.Sort(static (left, right) => string.CompareOrdinal(left.Key, right.Key));
        foreach (var row in added)
            _replica.Rows.Insert(_database, row);
        return difference;
    }

    private void WritePositions(ReplicaPlan plan)
    {
        if (plan.ResetPositions)
            _database.Prepare("DELETE FROM statecast_replica_position WHERE replica = ?1").Bind(1, _replica.Id).Run();
        foreach (var position in plan.Positions)
        {
            var insert = _database
                .Prepare(
                    "INSERT INTO statecast_replica_position (replica, destination, lane, incarnation, next, floor_epoch, counted) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                        + "ON CONFLICT (replica, destination, lane) DO UPDATE SET incarnation = excluded.incarnation, next = excluded.next, "
                        + "floor_epoch = excluded.floor_epoch, counted = excluded.counted"
                )
                .Bind(1, _replica.Id)
                .Bind(2, position.Lane.Destination)
                .Bind(3, position.Lane.Number)
                .Bind(4, position.Incarnation)
                .Bind(5, position.Next)
                .Bind(6, position.Floor);
            _ = position.Counted.IsEmpty ? insert.BindNull(7) : insert.Bind(7, position.Counted.Span);
            insert.Run();
        }
    }

    private void WriteReplica(ReplicaPlan plan, long keys) =>
        _database
            .Prepare(
                "UPDATE statecast_replica SET received = received + ?2, applied = applied + ?3, superseded = superseded + ?4, dropped = dropped + ?5, "
                    + "keys = ?6, was_live = was_live OR ?7, hash = coalesce(?8, hash), floor_epoch = max(floor_epoch, coalesce(?9, 0)), source = coalesce(source, ?10) WHERE id = ?1"
            )
            .Bind(1, _replica.Id)
            .Bind(2, plan.Counters.Received)
            .Bind(3, plan.Counters.Applied)
            .Bind(4, plan.Counters.Superseded)
            .Bind(5, plan.Counters.Dropped)
            .Bind(6, keys)
            .Bind(7, plan.BecameLive)
            .Bind(8, plan.LayoutHash)
            .Bind(9, plan.FloorEpoch)
            .Bind(10, plan.Source)
            .Run();

    private void End()
    {
        _ended = true;
        try
        {
            _database.Rollback();
        }
        finally
        {
            _file.Gate.Release();
        }
    }
}
