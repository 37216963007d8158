using Statecast.Events;
using Statecast.Outbox;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>Reads the outbox in one snapshot.</summary>
internal sealed class SqliteOutboxReader
{
    private const int CountedExactly = 512;
    private const string Columns =
        "sequence, destination, lane, lane_number, contract, key, epoch, revision, operation, causes, codec, schema, content, body, "
        + "trace_parent, trace_state, captured_at, keep_each, base";

    // Whose number it is stands in the line: the newest lease that began at or below it.
    private const string Lease =
        ", (SELECT l.lease_id FROM statecast_line l WHERE l.carrier = o.carrier AND l.destination = o.destination AND l.lane = o.lane "
        + "AND l.first_number <= o.lane_number ORDER BY l.first_number DESC, l.rowid DESC LIMIT 1)";

    // Below this sequence a shard has no rows and gets none: SQLite has one writer, so sequences commit in order. Keeps a look from passing another
    // carrier's backlog every time.
    private readonly Dictionary<string, long> _floors = new(StringComparer.Ordinal);

    /// <summary>Looks from the start again: the database may have gone back.</summary>
    public void Forget(string shard) => _floors.Remove(shard);

    /// <summary>Reads, within the caller's snapshot.</summary>
    public OutboxSnapshot Read(SqliteDatabase database, OutboxQuery query, DateTimeOffset clock)
    {
        var floor = _floors.GetValueOrDefault(query.Shard);
        var lowest = Find(database, query.Shard, floor, "");
        var highest = lowest is null ? null : Find(database, query.Shard, floor, "DESC");
        _floors[query.Shard] = lowest?.Sequence ?? database.Scalar("SELECT coalesce(max(sequence), 0) + 1 FROM statecast_outbox");
        return new(
            clock,
            lowest is null ? [] : ReadRows(database, query, floor),
            lowest?.Sequence,
            highest?.Sequence,
            Count(database, query.Shard, lowest?.Sequence, highest?.Sequence),
            lowest?.CapturedAt,
            ReadPublished(database, query.Shard),
            ReadStanding(database, query.Shard)
        );
    }

    private static LeaseStanding ReadStanding(SqliteDatabase database, string shard)
    {
        var statement = database
            .Prepare("SELECT l.lease_id, l.counter, s.epoch FROM statecast_lease l JOIN statecast_source s ON s.id = 1 WHERE l.shard = ?1")
            .Bind(1, shard);
        if (!statement.Step())
            return default;
        var standing = new LeaseStanding(statement.GuidOrNull(0), statement.Int64(1), statement.Int64(2));
        statement.Reset();
        return standing;
    }

    private static (long Sequence, DateTimeOffset CapturedAt)? Find(SqliteDatabase database, string shard, long floor, string order)
    {
        var statement = database
            .Prepare(
                $"SELECT sequence, captured_at FROM statecast_outbox WHERE carrier = ?1 AND sequence >= ?2 ORDER BY sequence {order} LIMIT 1"
            )
            .Bind(1, shard)
            .Bind(2, floor);
        if (!statement.Step())
            return null;
        var found = (statement.Int64(0), statement.Time(1));
        statement.Reset();
        return found;
    }

    // Counting reads every row with its body; a large backlog is only estimated.
    private static long Count(SqliteDatabase database, string shard, long? lowest, long? highest)
    {
        if (lowest is not { } first || highest is not { } last)
            return 0;
        if (last - first >= CountedExactly)
            return last - first + 1;
        var statement = database
            .Prepare("SELECT count(*) FROM statecast_outbox WHERE carrier = ?1 AND sequence BETWEEN ?2 AND ?3")
            .Bind(1, shard)
            .Bind(2, first)
            .Bind(3, last);
        statement.Step();
        var count = statement.Int64(0);
        statement.Reset();
        return count;
    }

    private static List<OutboxRow> ReadRows(SqliteDatabase database, OutboxQuery query, long floor)
    {
        var rows = new List<OutboxRow>();
        if (query.Limit <= 0)
            return rows;
        var excluded = query.Excluding as IReadOnlySet<LaneId> ?? query.Excluding.ToHashSet();
        var lanes = new LaneCache();
        var columns = query.Claimed ? Columns + Lease : Columns + ", NULL";
        var claimed = query.Claimed ? "IS NOT NULL" : "IS NULL";
        var statement = database
            .Prepare(
                $"SELECT {columns} FROM statecast_outbox o WHERE carrier = ?1 AND sequence >= ?2 AND lane_number {claimed} ORDER BY sequence"
            )
            .Bind(1, query.Shard)
            .Bind(2, Math.Max(floor, query.After + 1));
        while (statement.Step())
        {
            var lane = lanes.Get(statement);
            if (excluded.Count > 0 && excluded.Contains(lane))
                continue;
            rows.Add(Map(statement, query.Shard, lane));
            if (rows.Count == query.Limit)
                break;
        }
        statement.Reset();
        return rows;
    }

    private static HashSet<string> ReadPublished(SqliteDatabase database, string shard)
    {
        var published = new HashSet<string>(StringComparer.Ordinal);
        var statement = database
            .Prepare("SELECT destination FROM statecast_publication WHERE carrier = ?1 AND first_republish_ended")
            .Bind(1, shard);
        while (statement.Step())
            published.Add(statement.Text(0));
        return published;
    }

    private static OutboxRow Map(SqliteStatement row, string carrier, LaneId lane)
    {
        var operation = (StateOperation)row.Int32(8);
        return new()
        {
            Sequence = row.Int64(0),
            Carrier = carrier,
            Lane = lane,
            LaneNumber = row.Int64OrNull(3),
            Contract = row.Text(4),
            Key = row.Text(5),
            Epoch = row.Int64OrNull(6),
            Revision = row.Int64(7),
            Operation = operation,
            Base = operation == StateOperation.Patch ? row.Int64(18) : 0,
            Causes = row.TextOrNull(9),
            Codec = SqliteText.Codec(row.Span(10)),
            Schema = row.Fingerprint(11),
            Content = row.FingerprintOrNull(12),
            Body = row.Bytes(13),
            TraceParent = row.TextOrNull(14),
            TraceState = row.TextOrNull(15),
            CapturedAt = row.Time(16),
            KeepEach = row.Boolean(17),
            LeaseId = row.GuidOrNull(19),
        };
    }

    /// <summary>Rows of one destination mostly follow each other: its name need not be a new string every time.</summary>
    private sealed class LaneCache
    {
        private string _destination = "";
        private byte[] _utf8 = [];

        public LaneId Get(SqliteStatement row)
        {
            if (!row.Span(1).SequenceEqual(_utf8))
                (_utf8, _destination) = (row.Bytes(1), row.Text(1));
            return new(_destination, row.Int32(2));
        }
    }
}
