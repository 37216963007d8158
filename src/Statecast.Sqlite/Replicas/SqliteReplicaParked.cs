using Statecast.Events;
using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>The table of parked events: the envelope by column, or the bytes of one that could not be read.</summary>
internal static class SqliteReplicaParked
{
    private const string Columns =
        "key, reason, parked_at, raw, contract, destination, lane, epoch, revision, operation, causes, codec, schema, content, captured_at, "
        + "source, lease_id, lane_number, trace_parent, trace_state, body";

    /// <summary>How many events are parked.</summary>
    public static long Count(SqliteDatabase database, SqliteReplica replica)
    {
        var statement = database.Prepare("SELECT count(*) FROM statecast_replica_parked WHERE replica = ?1").Bind(1, replica.Id);
        statement.Step();
        var count = statement.Int64(0);
        statement.Reset();
        return count;
    }

    /// <summary>All parked events, oldest first; each row by <see cref="Map"/>.</summary>
    public static SqliteStatement All(SqliteDatabase database, SqliteReplica replica) =>
        database.Prepare($"SELECT {Columns} FROM statecast_replica_parked WHERE replica = ?1 ORDER BY id").Bind(1, replica.Id);

    /// <summary>The parked event of a key.</summary>
    public static ParkedEvent? Find(SqliteDatabase database, SqliteReplica replica, string key)
    {
        var statement = database
            .Prepare($"SELECT {Columns} FROM statecast_replica_parked WHERE replica = ?1 AND key = ?2")
            .Bind(1, replica.Id)
            .Bind(2, key);
        if (!statement.Step())
            return null;
        var parked = Map(statement);
        statement.Reset();
        return parked;
    }

    /// <summary>Parks an event, in place of another of its key.</summary>
    /// <returns>How many more are parked.</returns>
    public static int Put(SqliteDatabase database, SqliteReplica replica, ParkedEvent parked)
    {
        var removed = Remove(database, replica, parked.Key);
        var insert = database
            .Prepare(
                $"INSERT INTO statecast_replica_parked ({Columns}, replica) "
                    + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)"
            )
            .Bind(1, parked.Key)
            .Bind(2, parked.Reason)
            .Bind(3, parked.ParkedAt)
            .Bind(4, parked.Raw.Span)
            .Bind(22, replica.Id);
        if (parked.Event is { } e)
            BindEvent(insert, e);
        else
            for (var parameter = 5; parameter <= 21; parameter++)
                insert.BindNull(parameter);
        insert.Run();
        return 1 - removed;
    }

    /// <summary>Removes a key's parked event, if it has one.</summary>
    /// <returns>How many were removed.</returns>
    public static int Remove(SqliteDatabase database, SqliteReplica replica, string key) =>
        database.Prepare("DELETE FROM statecast_replica_parked WHERE replica = ?1 AND key = ?2").Bind(1, replica.Id).Bind(2, key).Run();

    /// <summary>The event that the statement stands on.</summary>
    public static ParkedEvent Map(SqliteStatement statement) =>
        new()
        {
            Key = statement.Text(0),
            Reason = statement.Text(1),
            ParkedAt = statement.Time(2),
            Raw = statement.Bytes(3),
            Event = statement.IsNull(4) ? null : MapEvent(statement),
        };

    private static void BindEvent(SqliteStatement statement, StateEvent e) =>
        statement
            .Bind(5, e.Contract)
            .Bind(6, e.Lane.Destination)
            .Bind(7, e.Lane.Number)
            .Bind(8, e.Revision.Epoch)
            .Bind(9, e.Revision.Number)
            .Bind(10, (long)e.Operation)
            .Bind(11, e.Causes)
            .Bind(12, e.Codec)
            .Bind(13, e.Schema)
            .Bind(14, e.Content)
            .Bind(15, e.CapturedAt)
            .Bind(16, e.Source)
            .Bind(17, e.LeaseId)
            .Bind(18, e.LaneNumber)
            .Bind(19, e.TraceParent)
            .Bind(20, e.TraceState)
            .Bind(21, e.Body.Span);

    private static StateEvent MapEvent(SqliteStatement statement) =>
        new()
        {
            Key = statement.Text(0),
            Contract = statement.Text(4),
            Lane = new(statement.Text(5), statement.Int32(6)),
            Revision = statement.Revision(7, 8),
            Operation = (StateOperation)statement.Int32(9),
            Causes = statement.TextOrNull(10),
            Codec = SqliteText.Codec(statement.Span(11)),
            Schema = statement.Fingerprint(12),
            Content = statement.FingerprintOrNull(13),
            CapturedAt = statement.Time(14),
            Source = statement.Text(15),
            LeaseId = statement.Guid(16),
            LaneNumber = statement.Int64(17),
            TraceParent = statement.TextOrNull(18),
            TraceState = statement.TextOrNull(19),
            Body = statement.Bytes(20),
        };
}
