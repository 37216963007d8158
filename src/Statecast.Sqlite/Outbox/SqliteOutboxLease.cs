using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite.Capture;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>
/// The lease of a shard: one row, changed by condition; no session lock, since a process may sleep longer than any session. Only that a holder died
/// shortens it (<see cref="SqliteLeaseMark"/>).
/// </summary>
internal static class SqliteOutboxLease
{
    /// <summary>Takes the lease if it is free, ran out or is the dead one, within the caller's write transaction; null while another holds it.</summary>
    /// <param name="database">The source's database.</param>
    /// <param name="request">The try.</param>
    /// <param name="now">By the machine's clock.</param>
    /// <param name="dead">A lease whose holder is known to have died; null for none.</param>
    public static LeaseGrant? Acquire(SqliteDatabase database, LeaseRequest request, DateTimeOffset now, Guid? dead)
    {
        var epoch = SqliteSourceRow.Ensure(
            database.Prepare(SqliteSourceRow.Add),
            database.Prepare(SqliteSourceRow.Select),
            now.ToUnixTimeMilliseconds(),
            database.Path
        );
        database
            .Prepare(
                "INSERT INTO statecast_lease (shard, fencing, expires_at, counter) VALUES (?1, 0, 0, 0) ON CONFLICT (shard) DO NOTHING"
            )
            .Bind(1, request.Shard)
            .Run();
        var (leaseId, expiresAt) = Read(database, request.Shard);
        var held = leaseId is not null;
        if (held && expiresAt > now && leaseId != dead)
            return null;
        var until = now + request.Duration;
        database
            .Prepare("UPDATE statecast_lease SET holder = ?2, lease_id = ?3, fencing = fencing + 1, expires_at = ?4 WHERE shard = ?1")
            .Bind(1, request.Shard)
            .Bind(2, request.Holder)
            .Bind(3, request.LeaseId)
            .Bind(4, until)
            .Run();
        request = request with { Lanes = [.. request.Lanes.Union(ReadSnapshotLanes(database, request.Shard))] };
        var lanes = request.Lanes.Select(lane => Begin(database, request, lane)).ToList();
        var statement = database.Prepare("SELECT fencing, counter FROM statecast_lease WHERE shard = ?1").Bind(1, request.Shard);
        statement.Step();
        var (fencing, counter) = (statement.Int64(0), statement.Int64(1));
        statement.Reset();
        return new(request.LeaseId, fencing, epoch, counter, held, until, lanes, ReadLines(database, request));
    }

    /// <summary>Gives the lease back if it is still held, within the caller's write transaction.</summary>
    public static bool Release(SqliteDatabase database, string shard, Guid leaseId) =>
        database
            .Prepare("UPDATE statecast_lease SET holder = NULL, lease_id = NULL, expires_at = 0 WHERE shard = ?1 AND lease_id = ?2")
            .Bind(1, shard)
            .Bind(2, leaseId)
            .Run() > 0;

    private static (Guid? LeaseId, DateTimeOffset ExpiresAt) Read(SqliteDatabase database, string shard)
    {
        var statement = database.Prepare("SELECT lease_id, expires_at FROM statecast_lease WHERE shard = ?1").Bind(1, shard);
        statement.Step();
        var lease = (statement.GuidOrNull(0), statement.Time(1));
        statement.Reset();
        return lease;
    }

    // Targets' own lanes come as they are asked for: what stands in them goes on.
    private static List<LaneId> ReadSnapshotLanes(SqliteDatabase database, string shard)
    {
        var lanes = new List<LaneId>();
        var statement = database
            .Prepare("SELECT destination, lane FROM statecast_lane WHERE carrier = ?1 AND instr(destination, '>') > 0 ORDER BY rowid")
            .Bind(1, shard);
        while (statement.Step())
            lanes.Add(new(statement.Text(0), statement.Int32(1)));
        return lanes;
    }

    // The counters of a lane, and the line of its numbers under the new lease.
    private static LaneCounter Begin(SqliteDatabase database, LeaseRequest request, LaneId lane)
    {
        database
            .Prepare(
                "INSERT INTO statecast_lane (carrier, destination, lane, next_number, incarnation, verified) VALUES (?1, ?2, ?3, 1, 0, 0) "
                    + "ON CONFLICT (carrier, destination, lane) DO NOTHING"
            )
            .Bind(1, request.Shard)
            .Bind(2, lane.Destination)
            .Bind(3, lane.Number)
            .Run();
        var statement = database
            .Prepare("SELECT next_number, incarnation, verified FROM statecast_lane WHERE carrier = ?1 AND destination = ?2 AND lane = ?3")
            .Bind(1, request.Shard)
            .Bind(2, lane.Destination)
            .Bind(3, lane.Number);
        statement.Step();
        var counter = new LaneCounter(lane, statement.Int64(0), statement.Int64(1), statement.Int64(2));
        statement.Reset();
        database
            .Prepare("INSERT INTO statecast_line (carrier, destination, lane, lease_id, first_number) VALUES (?1, ?2, ?3, ?4, ?5)")
            .Bind(1, request.Shard)
            .Bind(2, lane.Destination)
            .Bind(3, lane.Number)
            .Bind(4, request.LeaseId)
            .Bind(5, counter.NextNumber)
            .Run();
        return counter;
    }

    private static List<LaneLine> ReadLines(SqliteDatabase database, LeaseRequest request)
    {
        var asked = request.Lanes.ToHashSet();
        var lines = new List<LaneLine>();
        var statement = database
            .Prepare("SELECT destination, lane, lease_id, first_number FROM statecast_line WHERE carrier = ?1 ORDER BY first_number, rowid")
            .Bind(1, request.Shard);
        while (statement.Step())
            if (new LaneId(statement.Text(0), statement.Int32(1)) is var lane && asked.Contains(lane))
                lines.Add(new(lane, statement.Guid(2), statement.Int64(3)));
        return lines;
    }
}
