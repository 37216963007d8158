using Statecast.Events;
using Statecast.Sqlite.Files;
using Statecast.Transport;

namespace Statecast.Sqlite.Transport;

/// <summary>
/// What the file remembers of its senders: per lane the highest number under each epoch and lease. Records alone would not do, since a newer record takes an
/// older one's place, and its sender's trace with it.
/// </summary>
internal static class SqliteLogMarks
{
    // A sender that arrives after this many newer ones slept through as many restarts of its source.
    private const int LeasesKept = 16;

    /// <summary>Notes a number, within the caller's write transaction.</summary>
    public static void Write(SqliteDatabase database, SqliteLogDestination destination, int lane, long epoch, Guid lease, long number)
    {
        var changed = database
            .Prepare("UPDATE mark SET number = max(number, ?5) WHERE destination = ?1 AND lane = ?2 AND epoch = ?3 AND lease_id = ?4")
            .Bind(1, destination.Id)
            .Bind(2, lane)
            .Bind(3, epoch)
            .Bind(4, lease)
            .Bind(5, number)
            .Run();
        if (changed > 0)
            return;
        database
            .Prepare("INSERT INTO mark (destination, lane, epoch, lease_id, number) VALUES (?1, ?2, ?3, ?4, ?5)")
            .Bind(1, destination.Id)
            .Bind(2, lane)
            .Bind(3, epoch)
            .Bind(4, lease)
            .Bind(5, number)
            .Run();
        // The highest epoch is what a source must never forget, however many sleepers come after it.
        database
            .Prepare(
                "DELETE FROM mark WHERE destination = ?1 AND lane = ?2 AND id NOT IN "
                    + $"(SELECT id FROM mark WHERE destination = ?1 AND lane = ?2 ORDER BY epoch DESC, id DESC LIMIT {LeasesKept})"
            )
            .Bind(1, destination.Id)
            .Bind(2, lane)
            .Run();
    }

    /// <summary>Reads a destination's marks, within a snapshot of the caller's.</summary>
    public static void Read(SqliteDatabase database, SqliteLogDestination destination, IReadOnlySet<LaneId> lanes, List<SentMark> marks)
    {
        var statement = database.Prepare("SELECT lane, epoch, lease_id, number FROM mark WHERE destination = ?1").Bind(1, destination.Id);
        while (statement.Step())
            if (statement.Int32(0) is var number && destination.Lanes[number] is var lane && lanes.Contains(lane))
                marks.Add(new(lane, statement.Int64(1), statement.Guid(2), statement.Int64(3)));
    }
}
