using Statecast.Events;
using Statecast.Outbox;
using Statecast.Sqlite.Capture;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>Applies a relay's changes in one transaction, if lease, counter and epoch are still those that it remembers.</summary>
internal static class SqliteOutboxWriter
{
    public static async ValueTask<bool> CommitAsync(SqliteDatabase database, OutboxCommit commit, TimeProvider clock, CancellationToken ct)
    {
        await database.BeginWriteAsync(clock, ct).ConfigureAwait(false);
        try
        {
            var now = clock.GetUtcNow();
            if (!Renew(database, commit, now) || !Apply(database, commit))
                return false;
            if (commit.GoBackFrom is { } found)
                SqliteEpochChange.Write(database, found, now);
            database.Commit();
            return true;
        }
        finally
        {
            database.Rollback();
        }
    }

    // One conditional update is the check and the renewal: nothing can come in between.
    private static bool Renew(SqliteDatabase database, OutboxCommit commit, DateTimeOffset now) =>
        database
            .Prepare(
                "UPDATE statecast_lease SET expires_at = ?1, counter = counter + ?2 WHERE shard = ?3 AND lease_id = ?4 AND counter = ?5 "
                    + "AND EXISTS (SELECT 1 FROM statecast_source WHERE id = 1 AND epoch = ?6)"
            )
            .Bind(1, now + commit.Renew)
            .Bind(2, commit.RaisesCounter ? 1 : 0)
            .Bind(3, commit.Shard)
            .Bind(4, commit.LeaseId)
            .Bind(5, commit.Counter)
            .Bind(6, commit.Epoch)
            .Run() == 1;

    private static bool Apply(SqliteDatabase database, OutboxCommit commit)
    {
        foreach (var claim in commit.Claims)
        {
            var changed = database
                .Prepare(
                    "UPDATE statecast_outbox SET lane_number = ?1, epoch = ?2, operation = ?3, causes = ?4 WHERE sequence = ?5 AND captured_at = ?6 AND lane_number IS NULL"
                )
                .Bind(1, claim.LaneNumber)
                .Bind(2, claim.Epoch)
                .Bind(3, (long)claim.Operation)
                .Bind(4, claim.Causes)
                .Bind(5, claim.Sequence)
                .Bind(6, claim.CapturedAt)
                .Run();
            // A row gets its number once, for good. One that has one, is gone, or is another, is not what the relay read.
            if (changed != 1)
                return false;
        }
        foreach (var sequence in commit.Coalesced)
            Delete(database, sequence);
        foreach (var sequence in commit.Done)
            Delete(database, sequence);
        foreach (var lane in commit.Lanes)
        {
            if (SnapshotLane.Is(lane.Lane))
                EnsureLine(database, commit, lane.Lane);
            Write(database, commit.Shard, lane);
        }
        foreach (var request in commit.Republish)
            Write(database, commit.Shard, request);
        return true;
    }

    private static void Delete(SqliteDatabase database, long sequence) =>
        database.Prepare("DELETE FROM statecast_outbox WHERE sequence = ?1").Bind(1, sequence).Run();

    // A target's own lane begins while the lease is held.
    private static void EnsureLine(SqliteDatabase database, OutboxCommit commit, LaneId lane) =>
        database
            .Prepare(
                "INSERT INTO statecast_line (carrier, destination, lane, lease_id, first_number) SELECT ?1, ?2, ?3, ?4, 1 "
                    + "WHERE NOT EXISTS (SELECT 1 FROM statecast_line WHERE carrier = ?1 AND destination = ?2 AND lane = ?3)"
            )
            .Bind(1, commit.Shard)
            .Bind(2, lane.Destination)
            .Bind(3, lane.Number)
            .Bind(4, commit.LeaseId)
            .Run();

    private static void Write(SqliteDatabase database, string shard, LaneCounter lane) =>
        database
            .Prepare(
                "INSERT INTO statecast_lane (carrier, destination, lane, next_number, incarnation, verified) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
                    + "ON CONFLICT (carrier, destination, lane) DO UPDATE SET "
                    + "next_number = excluded.next_number, incarnation = excluded.incarnation, verified = excluded.verified"
            )
            .Bind(1, shard)
            .Bind(2, lane.Lane.Destination)
            .Bind(3, lane.Lane.Number)
            .Bind(4, lane.NextNumber)
            .Bind(5, lane.Incarnation)
            .Bind(6, lane.Verified)
            .Run();

    private static void Write(SqliteDatabase database, string shard, RepublishRequest request)
    {
        SqliteRepublishRow.Add(database.Prepare(SqliteRepublishRow.Insert), request, cursor: null);
        if (request.Key is null)
            database
                .Prepare("UPDATE statecast_publication SET first_republish_ended = 0 WHERE carrier = ?1 AND destination = ?2")
                .Bind(1, shard)
                .Bind(2, request.Destination)
                .Run();
    }
}
