using Statecast.Events;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Transport;

/// <summary>The newest heartbeat of a destination: a row beside its records.</summary>
internal static class SqliteLogHeartbeat
{
    /// <summary>
    /// Writes the source's word, within the caller's write transaction. One of a lower epoch than the last is a sleeper's and is dropped; a floor that was
    /// stated stands, whoever speaks next.
    /// </summary>
    public static void Write(SqliteDatabase database, SqliteLogDestination destination, Heartbeat heartbeat)
    {
        var written = database
            .Prepare(
                "INSERT INTO heartbeat (destination, epoch, lease_id, clock, interval, first_republish_ended) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
                    + "ON CONFLICT (destination) DO UPDATE SET epoch = excluded.epoch, lease_id = excluded.lease_id, clock = excluded.clock, "
                    + "interval = excluded.interval, first_republish_ended = excluded.first_republish_ended WHERE excluded.epoch >= epoch"
            )
            .Bind(1, destination.Id)
            .Bind(2, heartbeat.Epoch)
            .Bind(3, heartbeat.LeaseId)
            .Bind(4, heartbeat.Clock)
            .Bind(5, heartbeat.Interval.Ticks / TimeSpan.TicksPerMicrosecond)
            .Bind(6, heartbeat.FirstRepublishEnded)
            .Run();
        if (written == 0)
            return;
        var floors = ReadEnds(database, destination).ToDictionary(e => e.Lane, e => e.Floor);
        // Ends that the word does not name must not stand beside it from an earlier one.
        database.Prepare("DELETE FROM heartbeat_end WHERE destination = ?1").Bind(1, destination.Id).Run();
        foreach (var end in heartbeat.Ends)
        {
            var floor = floors.GetValueOrDefault(end.Lane) is var stood && stood.Epoch > end.Floor.Epoch ? stood : end.Floor;
            database
                .Prepare(
                    "INSERT INTO heartbeat_end (destination, lane, incarnation, position, number, floor_epoch, floor_number) "
                        + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                )
                .Bind(1, destination.Id)
                .Bind(2, end.Lane.Number)
                .Bind(3, end.Incarnation)
                .Bind(4, end.Position)
                .Bind(5, end.Number)
                .Bind(6, floor.Epoch)
                .Bind(7, floor.Number)
                .Run();
        }
    }

    /// <summary>The epoch below which each lane takes nothing; zeros before a floor was stated.</summary>
    public static long[] ReadFloors(SqliteDatabase database, SqliteLogDestination destination)
    {
        var floors = new long[destination.Lanes.Length];
        foreach (var end in ReadEnds(database, destination))
            if (end.Lane.Number < floors.Length)
                floors[end.Lane.Number] = end.Floor.Epoch;
        return floors;
    }

    /// <summary>Reads the newest word, unless it is the one already known.</summary>
    /// <param name="database">The file, within a snapshot of the caller's.</param>
    /// <param name="destination">The destination.</param>
    /// <param name="source">The file's source.</param>
    /// <param name="known">The last word that was read.</param>
    public static Heartbeat? Read(SqliteDatabase database, SqliteLogDestination destination, string source, Heartbeat? known)
    {
        var statement = database
            .Prepare("SELECT epoch, lease_id, clock, interval, first_republish_ended FROM heartbeat WHERE destination = ?1")
            .Bind(1, destination.Id);
        if (!statement.Step())
            return null;
        var heartbeat = new Heartbeat
        {
            Source = source,
            Destination = destination.Name,
            Epoch = statement.Int64(0),
            LeaseId = statement.Guid(1),
            Clock = statement.Time(2),
            Interval = TimeSpan.FromMicroseconds(statement.Int64(3)),
            FirstRepublishEnded = statement.Boolean(4),
            Ends = [],
        };
        statement.Reset();
        var same = known is not null && known with { Ends = heartbeat.Ends } == heartbeat;
        return same ? null : heartbeat with { Ends = ReadEnds(database, destination) };
    }

    private static List<LaneEnd> ReadEnds(SqliteDatabase database, SqliteLogDestination destination)
    {
        var ends = new List<LaneEnd>(destination.Lanes.Length);
        var statement = database
            .Prepare(
                "SELECT lane, incarnation, position, number, floor_epoch, floor_number FROM heartbeat_end WHERE destination = ?1 ORDER BY lane"
            )
            .Bind(1, destination.Id);
        while (statement.Step())
            ends.Add(
                new(
                    new(destination.Name, statement.Int32(0)),
                    statement.Int64(1),
                    statement.Int64(2),
                    statement.Int64(3),
                    new(statement.Int64(4), statement.Int64(5))
                )
            );
        return ends;
    }
}
