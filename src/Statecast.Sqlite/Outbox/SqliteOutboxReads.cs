using Statecast.Events;
using Statecast.Outbox;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>What the outbox store reads. Every call belongs to the transaction that its caller opened.</summary>
internal sealed class SqliteOutboxReads(SqliteDatabase database)
{
    private const string Columns =
        "sequence, destination, lane, lane_number, contract, key, epoch, revision, operation, causes, codec, schema, content, body, "
        + "trace_parent, trace_state, captured_at, keep_each";

    // The lease of a claimed row is the line's newest that begins at or below its number.
    private const string Line =
        "(SELECT n.lease_id FROM statecast_line n WHERE n.carrier = o.carrier AND n.destination = o.destination AND n.lane = o.lane "
        + "AND n.first_number <= o.lane_number ORDER BY n.first_number DESC, n.rowid DESC LIMIT 1)";

    private static readonly string Fresh =
        $"SELECT {Columns}, NULL FROM statecast_outbox o WHERE carrier = ?1 AND sequence > ?2 AND lane_number IS NULL ORDER BY sequence LIMIT ?3";

    private static readonly string Claimed =
        $"SELECT {Columns}, {Line} FROM statecast_outbox o WHERE carrier = ?1 AND sequence > ?2 AND lane_number IS NOT NULL ORDER BY sequence LIMIT ?3";

    public OutboxSnapshot Snapshot(OutboxQuery query, DateTimeOffset clock)
    {
        var rows = new List<OutboxRow>();
        // Blocked lanes are few and short-lived: what lies before them is read past rather than asked for by a statement of its own.
        var excluded = query.Excluding.Count == 0 ? null : query.Excluding.ToHashSet();
        var statement = database.Prepare(query.Claimed ? Claimed : Fresh).Bind(1, query.Shard).Bind(2, query.After);
        statement.Bind(3, excluded is null ? query.Limit : -1L);
        while (rows.Count < query.Limit && statement.Step())
        {
            var row = Row(statement, query.Shard);
            if (excluded is null || !excluded.Contains(row.Lane))
                rows.Add(row);
        }
        statement.Reset();
        return Extent(query.Shard, clock, rows);
    }

    public long Epoch()
    {
        var statement = database.Prepare("SELECT epoch FROM statecast_source WHERE id = 1");
        var epoch = statement.Step() ? statement.Int64(0) : 0;
        statement.Reset();
        return epoch;
    }

    public StoredLease? Lease(string shard)
    {
        var statement = database
            .Prepare("SELECT lease_id, fencing, expires_at, counter FROM statecast_lease WHERE shard = ?1")
            .Bind(1, shard);
        StoredLease? lease = null;
        if (statement.Step())
            lease = new(
                statement.IsNull(0) ? null : new Guid(statement.Span(0), bigEndian: true),
                statement.Int64(1),
                statement.Time(2),
                statement.Int64(3)
            );
        statement.Reset();
        return lease;
    }

    public LaneCounter Lane(string shard, LaneId lane)
    {
        var statement = database
            .Prepare("SELECT next_number, incarnation, verified FROM statecast_lane WHERE carrier = ?1 AND destination = ?2 AND lane = ?3")
            .Bind(1, shard)
            .Bind(2, lane.Destination)
            .Bind(3, lane.Number);
        var counter = statement.Step()
            ? new LaneCounter(lane, statement.Int64(0), statement.Int64(1), statement.Int64(2))
            : new LaneCounter(lane, 1, 0, 0);
        statement.Reset();
        return counter;
    }

    private OutboxSnapshot Extent(string shard, DateTimeOffset clock, List<OutboxRow> rows)
    {
        var statement = database
            .Prepare("SELECT min(sequence), max(sequence), count(*), min(captured_at) FROM statecast_outbox WHERE carrier = ?1")
            .Bind(1, shard);
        statement.Step();
        var (low, high, count) = (statement.Int64OrNull(0), statement.Int64OrNull(1), statement.Int64(2));
        DateTimeOffset? oldest = statement.IsNull(3) ? null : statement.Time(3);
        statement.Reset();
        return new(clock, rows, low, high, count, oldest, Published());
    }

    private HashSet<string> Published()
    {
        var published = new HashSet<string>(StringComparer.Ordinal);
        var statement = database.Prepare("SELECT destination FROM statecast_publication WHERE first_republish_ended <> 0");
        while (statement.Step())
            published.Add(statement.Text(0));
        return published;
    }

    private static OutboxRow Row(SqliteStatement statement, string shard) =>
        new()
        {
            Sequence = statement.Int64(0),
            Carrier = shard,
            Lane = new(statement.Text(1), statement.Int32(2)),
            LaneNumber = statement.Int64OrNull(3),
            Contract = statement.Text(4),
            Key = statement.Text(5),
            Epoch = statement.Int64OrNull(6),
            Revision = statement.Int64(7),
            Operation = (StateOperation)statement.Int32(8),
            Causes = statement.TextOrNull(9),
            Codec = SqliteText.Codec(statement.Span(10)),
            Schema = statement.Fingerprint(11),
            Content = statement.FingerprintOrNull(12),
            Body = statement.Bytes(13),
            TraceParent = statement.TextOrNull(14),
            TraceState = statement.TextOrNull(15),
            CapturedAt = statement.Time(16),
            KeepEach = statement.Boolean(17),
            LeaseId = statement.IsNull(18) ? null : new Guid(statement.Span(18), bigEndian: true),
        };
}

/// <summary>A lease row.</summary>
internal readonly record struct StoredLease(Guid? LeaseId, long Fencing, DateTimeOffset ExpiresAt, long Counter);
