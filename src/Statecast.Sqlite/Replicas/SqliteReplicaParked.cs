using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>The table of parked events: the envelope by column, or the bytes of one that could not be read.</summary>
internal static class SqliteReplicaParked
{
    private const string Columns = $"key, {SqliteEventColumns.Names}, reason, parked_at, raw";
    private const int Reason = 1 + SqliteEventColumns.Count;
    private static readonly string Insert =
        $"INSERT INTO statecast_replica_parked ({Columns}, replica) VALUES ({SqliteEventColumns.Parameters(Reason + 4)})";

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
        var insert = database.Prepare(Insert).Bind(1, parked.Key);
        if (parked.Event is { } e)
            SqliteEventColumns.Bind(insert, 2, e);
        else
            for (var parameter = 2; parameter < 2 + SqliteEventColumns.Count; parameter++)
                insert.BindNull(parameter);
        insert
            .Bind(Reason + 1, parked.Reason)
            .Bind(Reason + 2, parked.ParkedAt)
            .Bind(Reason + 3, parked.Raw.Span)
            .Bind(Reason + 4, replica.Id)
            .Run();
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
            Event = statement.IsNull(1) ? null : SqliteEventColumns.Map(statement, statement.Text(0), 1),
            Reason = statement.Text(Reason),
            ParkedAt = statement.Time(Reason + 1),
            Raw = statement.Bytes(Reason + 2),
        };
}
