using System.Buffers.Binary;
using System.Text;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>A row as loaded, with what writing it again needs.</summary>
/// <param name="RowId">Its place in the table.</param>
/// <param name="Row">The row.</param>
/// <param name="Entries">Its stored index entries, encoded.</param>
internal readonly record struct LoadedRow(long RowId, ReplicaRow Row, byte[] Entries);

/// <summary>One replica's SQL for rows and index entries, and their mapping.</summary>
internal sealed class SqliteReplicaRows
{
    private const string Columns = "epoch, revision, deleted, operation, codec, schema, content, captured_at, seen, writes, major";
    private readonly SqliteReplicaNames _names;
    private readonly bool _loadsBodies;
    private readonly bool _numbered;
    private readonly string _load;
    private readonly string _find;
    private readonly string _all;
    private readonly string _query;
    private readonly string _insert;
    private readonly string _update;
    private readonly string _see;
    private readonly string _addEntry;

    // What a batch runs for every row, kept beside the connection that writes: finding a statement by its text would hash hundreds of characters each time.
    private Statements? _writer;
    private readonly string _removeEntry;
    private readonly string _follow;
    private readonly string _last;

    public SqliteReplicaRows(ReplicaLayout layout, SqliteReplicaNames names)
    {
        _names = names;
        var rows = SqliteReplicaTables.Rows(layout.Name);
        var entries = SqliteReplicaTables.Entries(layout.Name);
        _loadsBodies = layout.Handlers.Count > 0;
        var previous = _loadsBodies ? "body" : "NULL";
        _numbered = !layout.Retained;
        // A log's rows have no numbers, and its batches are not to pay for any.
        var (numbers, values, updates, greatest) = _numbered
            ? (
                ", live_number, own_number",
                ", ?16, ?17",
                "live_number = ?16, own_number = ?17, ",
                ", live_number = max(live_number, excluded.live_number), own_number = max(own_number, excluded.own_number)"
            )
            : ("", "", "", "");
        _load = $"SELECT {Columns}, {previous}, rowid, entries{numbers} FROM {rows} WHERE key = ?1";
        _find = $"SELECT {Columns}, body, key{numbers} FROM {rows} WHERE key = ?1";
        _all = $"SELECT {Columns}, body, key{numbers} FROM {rows} WHERE NOT deleted ORDER BY key";
        var columns = string.Join(", ", Columns.Split(", ").Select(c => $"r.{c}"));
        _query =
            $"SELECT {columns}, r.body, r.key{numbers.Replace(", ", ", r.", StringComparison.Ordinal)} FROM {entries} e JOIN {rows} r ON r.key = e.key "
            + "WHERE e.number = ?1 AND e.value = ?2 AND NOT r.deleted ORDER BY e.key";
        _insert =
            $"INSERT INTO {rows} (epoch, revision, deleted, operation, codec, schema, content, captured_at, seen, writes, entries, body, key, major{numbers}) "
            + $"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?13, ?10, ?11, ?12, ?15{values})";
        _update =
            $"UPDATE {rows} SET epoch = ?1, revision = ?2, deleted = ?3, operation = ?4, codec = ?5, schema = ?6, content = ?7, captured_at = ?8, "
            + $"{updates}seen = (seen & ?14) | ?9, writes = ?13, entries = ?10, body = ?11, major = ?15 WHERE rowid = ?12";
        _follow =
            $"INSERT INTO {rows} (epoch, revision, deleted, operation, codec, schema, content, captured_at, seen, writes, body, key, major{numbers}) "
            + $"VALUES (?1, ?2, 0, ?4, ?5, ?6, ?7, ?8, 0, 1, ?11, ?12, ?15{values}) ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, "
            + "operation = excluded.operation, codec = excluded.codec, schema = excluded.schema, content = excluded.content, captured_at = excluded.captured_at, "
            + $"writes = writes + 1, body = excluded.body, major = excluded.major{greatest} "
            + "WHERE epoch = excluded.epoch AND revision < excluded.revision AND NOT deleted AND entries IS NULL";
        _last = $"SELECT max(rowid) FROM {rows}";
        _see = $"UPDATE {rows} SET seen = seen | ?1 WHERE key = ?2";
        _addEntry = $"INSERT OR IGNORE INTO {entries} (number, value, key) VALUES (?1, ?2, ?3)";
        _removeEntry = $"DELETE FROM {entries} WHERE number = ?1 AND value = ?2 AND key = ?3";
    }

    /// <summary>Loads a row for a batch; its body only if handlers want what was before.</summary>
    public LoadedRow? Load(SqliteDatabase database, string key)
    {
        var statement = Writer(database).Load.Bind(1, key);
        if (!statement.Step())
            return null;
        try
        {
            // Each look at a column takes the connection's lock: only what is there is looked at.
            return new(
                statement.Int64(12),
                Map(statement, key, withBody: _loadsBodies, numbersAt: 14),
                statement.IsNull(13) ? [] : statement.Bytes(13)
            );
        }
        finally
        {
            // Also after a row that cannot be read: no other can be bound before.
            statement.Reset();
        }
    }

    /// <summary>One row with its body.</summary>
    public ReplicaRow? Find(SqliteDatabase database, string key)
    {
        var statement = database.Prepare(_find).Bind(1, key);
        if (!statement.Step())
            return null;
        try
        {
            return Map(statement, key);
        }
        finally
        {
            // Also after a row that cannot be read: its snapshot would stay, and the file's log grow.
            statement.Reset();
        }
    }

    /// <summary>All rows that are no tombstones, by key. The statement's own snapshot.</summary>
    public SqliteStatement All(SqliteDatabase database) => database.Prepare(_all);

    /// <summary>The rows under an index's value, by key. The statement's own snapshot.</summary>
    public SqliteStatement Query(SqliteDatabase database, string index, string value) =>
        database.Prepare(_query).Bind(1, _names.IndexNumber(index)).Bind(2, value);

    /// <summary>The row that <see cref="All"/> or <see cref="Query"/> stands on.</summary>
    public ReplicaRow Current(SqliteStatement statement) => Map(statement, statement.Text(12));

    /// <summary>Adds a row that is not there yet, with its index entries.</summary>
    public LoadedRow Insert(SqliteDatabase database, ReplicaRow row)
    {
        var entries = Encode(row.Entries);
        BindRow(Writer(database).Insert, row, entries).Bind(12, row.Key).Run();
        var rowId = database.LastInserted;
        Write(database, _addEntry, row.Key, entries);
        return new(rowId, row, entries);
    }

    /// <summary>
    /// Writes a row without a look at what is there, if it plainly follows (<see cref="IReplicaUnit.Follow"/>); false if it does not. The key's tree is walked once, and
    /// a page is not met again after it has left the cache.
    /// </summary>
    public bool Follow(SqliteDatabase database, ReplicaRow row)
    {
        var statement = Writer(database)
            .Follow.Bind(1, row.Revision.Epoch)
            .Bind(2, row.Revision.Number)
            .Bind(4, (long)row.Operation)
            .Bind(5, row.Codec)
            .Bind(6, row.Schema)
            .Bind(7, row.Content)
            .Bind(8, row.CapturedAt)
            .Bind(11, row.Body.Span)
            .Bind(12, row.Key)
            .Bind(15, row.Major);
        if (_numbered)
            statement.Bind(16, row.LiveNumber).Bind(17, row.OwnNumber);
        return statement.Run() > 0;
    }

    /// <summary>The highest row number; 0 for none. A new row gets the next, so that within one transaction it counts them.</summary>
    public long Last(SqliteDatabase database)
    {
        var statement = database.Prepare(_last);
        statement.Step();
        var last = statement.Int64(0);
        statement.Reset();
        return last;
    }

    /// <summary>Replaces a loaded row and, where they differ, its index entries.</summary>
    public LoadedRow Update(SqliteDatabase database, LoadedRow old, ReplicaRow row)
    {
        var entries = Encode(row.Entries);
        BindRow(Writer(database).Update, row, entries).Bind(12, old.RowId).Bind(14, ~_names.KnownBits).Run();
        if (!entries.AsSpan().SequenceEqual(old.Entries))
        {
            Write(database, _removeEntry, row.Key, old.Entries);
            Write(database, _addEntry, row.Key, entries);
        }
        return new(old.RowId, row, entries);
    }

    /// <summary>Notes that a handler has finished with a state of the key.</summary>
    public void See(SqliteDatabase database, string handler, string key) =>
        database.Prepare(_see).Bind(1, 1L << _names.HandlerNumber(handler)).Bind(2, key).Run();

    // There is one writing connection at a time; whoever uses it holds the file's gate.
    private Statements Writer(SqliteDatabase database)
    {
        if (_writer is not { } writer || writer.Database != database)
            _writer = writer = new(
                database,
                database.Prepare(_load),
                database.Prepare(_insert),
                database.Prepare(_update),
                database.Prepare(_follow)
            );
        return writer;
    }

    private SqliteStatement BindRow(SqliteStatement statement, ReplicaRow row, byte[] entries)
    {
        statement
            .Bind(1, row.Revision.Epoch)
            .Bind(2, row.Revision.Number)
            .Bind(3, row.Deleted)
            .Bind(4, (long)row.Operation)
            .Bind(5, row.Codec)
            .Bind(6, row.Schema)
            .Bind(7, row.Content)
            .Bind(8, row.CapturedAt)
            .Bind(9, _names.ToStored(row.Seen))
            .Bind(13, row.Writes)
            .Bind(15, row.Major);
        if (_numbered)
            statement.Bind(16, row.LiveNumber).Bind(17, row.OwnNumber);
        // NULL for nothing: an empty body and no entries are the common case of a tombstone and of a replica without indexes.
        _ = entries.Length == 0 ? statement.BindNull(10) : statement.Bind(10, entries);
        return row.Body.IsEmpty ? statement.BindNull(11) : statement.Bind(11, row.Body.Span);
    }

    private ReplicaRow Map(SqliteStatement statement, string key, bool withBody = true, int numbersAt = 13) =>
        new()
        {
            Key = key,
            Revision = statement.Revision(0, 1),
            Deleted = statement.Boolean(2),
            Operation = (StateOperation)statement.Int32(3),
            Codec = SqliteText.Codec(statement.Span(4)),
            Schema = statement.Fingerprint(5),
            Content = statement.FingerprintOrNull(6),
            CapturedAt = statement.Time(7),
            Seen = _names.FromStored(statement.Int64(8)),
            Writes = statement.Int64(9),
            Major = statement.Int32(10),
            Body = withBody ? statement.Bytes(11) : default(ReadOnlyMemory<byte>),
            LiveNumber = _numbered ? statement.Int64(numbersAt) : 0,
            OwnNumber = _numbered ? statement.Int64(numbersAt + 1) : 0,
        };

    // Entries are kept with their row too: what an update must remove is known without a second tree over keys, and an unchanged set costs nothing.
    // Each is an index number and a length, both 32-bit little-endian, and the value.
    private byte[] Encode(IReadOnlyList<IndexEntry> entries)
    {
        if (entries.Count == 0)
            return [];
        var length = 0;
        foreach (var entry in entries)
            length += 8 + Encoding.UTF8.GetByteCount(entry.Value);
        var encoded = new byte[length];
        var rest = encoded.AsSpan();
        foreach (var entry in entries)
        {
            var size = Encoding.UTF8.GetBytes(entry.Value, rest[8..]);
            BinaryPrimitives.WriteInt32LittleEndian(rest, _names.IndexNumber(entry.Index));
            BinaryPrimitives.WriteInt32LittleEndian(rest[4..], size);
            rest = rest[(8 + size)..];
        }
        return encoded;
    }

    private static void Write(SqliteDatabase database, string sql, string key, ReadOnlySpan<byte> encoded)
    {
        while (!encoded.IsEmpty)
        {
            var number = BinaryPrimitives.ReadInt32LittleEndian(encoded);
            var size = BinaryPrimitives.ReadInt32LittleEndian(encoded[4..]);
            database.Prepare(sql).Bind(1, number).BindText(2, encoded.Slice(8, size)).Bind(3, key).Run();
            encoded = encoded[(8 + size)..];
        }
    }

    private sealed record Statements(
        SqliteDatabase Database,
        SqliteStatement Load,
        SqliteStatement Insert,
        SqliteStatement Update,
        SqliteStatement Follow
    );
}
