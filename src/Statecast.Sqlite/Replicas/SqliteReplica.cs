using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>One opened replica of a file: its numbers, its SQL, and the counts that only its owner changes.</summary>
internal sealed class SqliteReplica
{
    private SqliteReplica(long id, ReplicaLayout layout, SqliteReplicaNames names, SqliteReplicaWaiting waiting)
    {
        Waiting = waiting;
        Id = id;
        Layout = layout;
        Names = names;
        Rows = new(layout, names);
    }

    /// <summary>Its number in the file.</summary>
    public long Id { get; }

    public ReplicaLayout Layout { get; }

    public SqliteReplicaNames Names { get; }

    public SqliteReplicaRows Rows { get; }

    /// <summary>Patches that wait for their base.</summary>
    public SqliteReplicaWaiting Waiting { get; }

    /// <summary>Rows that are no tombstones. Changed under the file's gate, after a commit: counting a million rows would read them all.</summary>
    public long Keys { get; set; }

    /// <summary>Parked events. Changed under the file's gate, after a commit.</summary>
    public long Parked { get; set; }

    /// <summary>Opens a replica, made if it is not there, within the caller's write transaction.</summary>
    public static (SqliteReplica Replica, ReplicaContents Contents) Open(SqliteDatabase database, ReplicaLayout layout)
    {
        SqliteReplicaTables.EnsureShared(database);
        TakeOver(database, layout);
        SqliteReplicaTables.Ensure(database, layout.Name, numbered: !layout.Retained);
        database
            .Prepare("INSERT INTO statecast_replica (name, layout, target) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING")
            .Bind(1, layout.Name)
            .Bind(2, SqliteReplicaTables.Layout)
            .Bind(3, layout.Target)
            .Run();
        var statement = database
            .Prepare(
                "SELECT id, layout, hash, was_live, received, applied, superseded, dropped, keys, floor_epoch, target, source FROM statecast_replica WHERE name = ?1"
            )
            .Bind(1, layout.Name);
        statement.Step();
        var written = statement.Int32(1);
        if (written != SqliteReplicaTables.Layout)
            throw new ReplicaStoreException(
                $"The replica '{layout.Name}' in '{database.Path}' has table layout {written}; this version of Statecast knows {SqliteReplicaTables.Layout}. "
                    + "Update Statecast, or move the file away so that the replica is filled anew."
            );
        // What handlers have seen, and what waits for them, is the work of one service: another would skip what it never did.
        if (statement.TextOrNull(10) is { } target && layout.Target is { } service && target != service)
            throw new ReplicaStoreException(
                $"The replica '{layout.Name}' in '{database.Path}' belongs to the service '{target}', and this is '{service}'. Give it a file of its own with InSqlite(…); "
                    + "if the service was renamed, move the file away so that the replica is filled anew."
            );
        var contents = new ReplicaContents(
            statement.FingerprintOrNull(2),
            statement.Boolean(3),
            [],
            new(statement.Int64(4), statement.Int64(5), statement.Int64(6), statement.Int64(7)),
            statement.Int64(8),
            0,
            statement.Int64(9)
        )
        {
            Source = statement.TextOrNull(11),
        };
        var id = statement.Int64(0);
        statement.Reset();
        if (contents.LayoutHash is { } hash && hash != layout.Hash)
            SqliteReplicaGaps.RefuseStates(database, layout, id);
        var replica = new SqliteReplica(id, layout, SqliteReplicaNames.Open(database, id, layout), SqliteReplicaWaiting.Open(database, id))
        {
            Keys = contents.Keys,
        };
        replica.Parked = SqliteReplicaParked.Count(database, replica);
        return (
            replica,
            contents with
            {
                Store = ReadStore(database),
                Positions = ReadPositions(database, id),
                Parked = replica.Parked,
                WaitingKeys = replica.Waiting.Keys,
            }
        );
    }

    /// <summary>
    /// Takes over the replica of an older major, which the service has no more: its rows are the same keys at the same revisions, each names the major it is of, and what
    /// handlers have finished with and still have to do stays. The newer destination is read from its beginning.
    /// </summary>
    private static void TakeOver(SqliteDatabase database, ReplicaLayout layout)
    {
        if (Find(database, layout.Name) is not null)
            return;
        foreach (var predecessor in layout.Predecessors)
        {
            if (Find(database, predecessor) is not { } id)
                continue;
            // A file of another table layout is refused below, by its own name.
            SqliteReplicaTables.Rename(database, predecessor, layout.Name);
            database.Prepare("UPDATE statecast_replica SET name = ?2 WHERE id = ?1").Bind(1, id).Bind(2, layout.Name).Run();
            database.Prepare("DELETE FROM statecast_replica_position WHERE replica = ?1").Bind(1, id).Run();
            return;
        }
        SqliteReplicaGaps.RefuseReplicas(database, layout);
    }

    private static long? Find(SqliteDatabase database, string name)
    {
        var statement = database.Prepare("SELECT id FROM statecast_replica WHERE name = ?1").Bind(1, name);
        long? id = statement.Step() ? statement.Int64(0) : null;
        statement.Reset();
        return id;
    }

    private static Guid ReadStore(SqliteDatabase database)
    {
        var statement = database.Prepare("SELECT id FROM statecast_replica_store");
        statement.Step();
        var id = new Guid(statement.Bytes(0));
        statement.Reset();
        return id;
    }

    private static List<LanePosition> ReadPositions(SqliteDatabase database, long id)
    {
        var positions = new List<LanePosition>();
        var statement = database
            .Prepare(
                "SELECT destination, lane, incarnation, next, floor_epoch, counted FROM statecast_replica_position WHERE replica = ?1 ORDER BY destination, lane"
            )
            .Bind(1, id);
        while (statement.Step())
            positions.Add(
                new(new(statement.Text(0), statement.Int32(1)), statement.Int64(2), statement.Int64(3), statement.Int64(4))
                {
                    Counted = statement.IsNull(5) ? default(ReadOnlyMemory<byte>) : statement.Bytes(5),
                }
            );
        return positions;
    }
}
