using Statecast.Events;
using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>
/// The table of handlers' pending changes. Of a dropped change its row stays, with −1 attempts: what its handler last finished with is in it and nowhere else,
/// until the next change of the key takes it over.
/// </summary>
internal static class SqliteReplicaPending
{
    private const string Columns =
        "p.key, p.epoch, p.revision, p.operation, p.causes, p.captured_at, p.trace_parent, p.attempts, p.next_try, p.reason, "
        + "p.codec, p.schema, p.major, p.body, p.previous_codec, p.previous_schema, p.previous_major, p.previous_body, n.name";

    private const string From =
        "FROM statecast_replica_pending p JOIN statecast_replica_name n ON n.replica = p.replica AND n.kind = 1 AND n.number = p.handler "
        + "WHERE p.replica = ?1 AND p.attempts >= 0";

    /// <summary>Pending changes, longest due or oldest first; of handlers that the layout no longer names too.</summary>
    public static IReadOnlyList<PendingChange> Read(SqliteDatabase database, SqliteReplica replica, DateTimeOffset? dueAt, int limit)
    {
        var statement = dueAt is { } due
            ? database
                .Prepare($"SELECT {Columns} {From} AND p.next_try IS NOT NULL AND p.next_try <= ?3 ORDER BY p.next_try, p.id LIMIT ?2")
                .Bind(3, due)
            : database.Prepare($"SELECT {Columns} {From} ORDER BY p.id LIMIT ?2");
        statement.Bind(1, replica.Id).Bind(2, limit);
        var changes = new List<PendingChange>();
        while (statement.Step())
            changes.Add(Map(statement));
        return changes;
    }

    /// <summary>Changes without a next try, oldest first; each row by <see cref="Map"/>.</summary>
    public static SqliteStatement Stalled(SqliteDatabase database, SqliteReplica replica) =>
        database.Prepare($"SELECT {Columns} {From} AND p.next_try IS NULL ORDER BY p.id").Bind(1, replica.Id);

    /// <summary>How many they are.</summary>
    public static SqliteStatement CountStalled(SqliteDatabase database, SqliteReplica replica) =>
        database.Prepare($"SELECT count(*) {From} AND p.next_try IS NULL").Bind(1, replica.Id);

    /// <summary>What is pending for a handler and a key, or was dropped: id, epoch, revision, causes, steps.</summary>
    public static SqliteStatement Select(SqliteDatabase database, SqliteReplica replica, string handler, string key) =>
        database
            .Prepare(
                "SELECT id, epoch, revision, causes, steps FROM statecast_replica_pending WHERE replica = ?1 AND handler = ?2 AND key = ?3"
            )
            .Bind(1, replica.Id)
            .Bind(2, replica.Names.HandlerNumber(handler))
            .Bind(3, key);

    /// <summary>Writes a newest state: over the pending one, whose previous state stays, or as a new one.</summary>
    public static void Write(SqliteDatabase database, SqliteReplica replica, PendingChange change)
    {
        var select = Select(database, replica, change.Handler, change.Key);
        if (!select.Step())
        {
            Insert(database, replica, change);
            return;
        }
        var id = select.Int64(0);
        var (older, causes) = (select.Revision(1, 2), select.TextOrNull(3));
        var steps = PendingSteps.Add(select.TextOrNull(4), older, causes, change.Revision, change.Causes);
        select.Reset();
        var update = database.Prepare(
            "UPDATE statecast_replica_pending SET epoch = ?1, revision = ?2, operation = ?3, causes = ?4, captured_at = ?5, trace_parent = ?6, "
                + "attempts = ?7, next_try = ?8, reason = ?9, codec = ?10, schema = ?11, major = ?12, body = ?13, steps = ?14 WHERE id = ?15"
        );
        var newest = change with { Causes = Causes.Join(causes, change.Causes), Attempts = 0, Reason = null };
        BindChange(update, newest).Bind(14, steps).Bind(15, id).Run();
    }

    /// <summary>Binds codec, schema, major and body to four parameters in a row.</summary>
    public static SqliteStatement BindBody(SqliteStatement statement, int first, StoredBody? body) =>
        body is null
            ? statement.BindNull(first).BindNull(first + 1).BindNull(first + 2).BindNull(first + 3)
            : statement.Bind(first, body.Codec).Bind(first + 1, body.Schema).Bind(first + 2, body.Major).Bind(first + 3, body.Body.Span);

    private static void Insert(SqliteDatabase database, SqliteReplica replica, PendingChange change)
    {
        var insert = database.Prepare(
            "INSERT INTO statecast_replica_pending (epoch, revision, operation, causes, captured_at, trace_parent, attempts, next_try, reason, "
                + "codec, schema, major, body, previous_codec, previous_schema, previous_major, previous_body, replica, handler, key) "
                + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)"
        );
        BindBody(BindChange(insert, change), 14, change.Previous)
            .Bind(18, replica.Id)
            .Bind(19, replica.Names.HandlerNumber(change.Handler))
            .Bind(20, change.Key)
            .Run();
    }

    private static SqliteStatement BindChange(SqliteStatement statement, PendingChange change)
    {
        statement
            .Bind(1, change.Revision.Epoch)
            .Bind(2, change.Revision.Number)
            .Bind(3, (long)change.Operation)
            .Bind(4, change.Causes)
            .Bind(5, change.CapturedAt)
            .Bind(6, change.TraceParent)
            .Bind(7, change.Attempts)
            .Bind(8, change.NextTry)
            .Bind(9, change.Reason);
        return BindBody(statement, 10, change.Current);
    }

    /// <summary>The change of a row.</summary>
    public static PendingChange Map(SqliteStatement statement) =>
        new()
        {
            Key = statement.Text(0),
            Revision = statement.Revision(1, 2),
            Operation = (StateOperation)statement.Int32(3),
            Causes = statement.TextOrNull(4),
            CapturedAt = statement.Time(5),
            TraceParent = statement.TextOrNull(6),
            Attempts = statement.Int32(7),
            NextTry = statement.TimeOrNull(8),
            Reason = statement.TextOrNull(9),
            Current = Body(statement, 10),
            Previous = Body(statement, 14),
            Handler = statement.Text(18),
        };

    private static StoredBody? Body(SqliteStatement statement, int first) =>
        statement.IsNull(first)
            ? null
            : new(SqliteText.Codec(statement.Span(first)), statement.Fingerprint(first + 1), statement.Bytes(first + 3))
            {
                Major = statement.Int32(first + 2),
            };
}
