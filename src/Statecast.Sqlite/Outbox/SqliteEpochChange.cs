using Statecast.Contracts;
using Statecast.Outbox;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>Makes a database that went back another incarnation, within the caller's write transaction (protocol section 6).</summary>
internal static class SqliteEpochChange
{
    /// <summary>Takes the new epoch and queues everything under it.</summary>
    public static void Write(SqliteDatabase database, EpochSeen found, DateTimeOffset now)
    {
        // Above the clock too: an epoch taken after this copy was made, of which nothing reached the carrier, must not be taken again.
        database
            .Prepare("UPDATE statecast_source SET epoch = max(?1, ?2, epoch + 1) WHERE id = 1")
            .Bind(1, now.ToUnixTimeMilliseconds())
            .Bind(2, found.Highest + 1)
            .Run();
        // Of every shard: their events would carry the old epoch, and they are claimed again under the new one.
        database.Prepare("UPDATE statecast_outbox SET lane_number = NULL, epoch = NULL WHERE lane_number IS NOT NULL").Run();
        database.Prepare("DELETE FROM statecast_line").Run();
        database.Prepare("DELETE FROM statecast_republish WHERE contract IN (SELECT contract FROM statecast_publication)").Run();
        database
            .Prepare(
                "INSERT INTO statecast_republish (contract, key, first_bucket, last_bucket, destination, reason) "
                    + "SELECT contract, NULL, 0, ?2, destination, ?1 FROM statecast_publication ORDER BY destination"
            )
            .Bind(1, $"the database went back: {found.Reason}")
            .Bind(2, KeyText.Buckets - 1)
            .Run();
        database.Prepare("UPDATE statecast_publication SET first_republish_ended = 0").Run();
    }
}
