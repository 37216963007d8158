using Statecast.Events;
using Statecast.Publishing;

namespace Statecast.Sqlite.Capture;

/// <summary>The record of what was published last time, in SQLite.</summary>
internal sealed class SqlitePublishedStore : IPublishedStore
{
    public static SqlitePublishedStore Instance { get; } = new();

    private SqlitePublishedStore() { }

    public ValueTask<IReadOnlyList<PublishedDestination>> ReadAsync(CaptureScope scope)
    {
        using var statement = SqliteCaptureScope.Prepare(
            SqliteCaptureScope.Handle(scope),
            "SELECT carrier, destination, contract, source, schema, first_republish_ended FROM statecast_publication"u8
        );
        var known = new List<PublishedDestination>();
        while (statement.Step())
            known.Add(
                new(
                    statement.Text(0),
                    statement.Text(1),
                    statement.Text(2),
                    statement.Text(3),
                    statement.Fingerprint(4),
                    statement.Boolean(5)
                )
            );
        return new(known);
    }

    public ValueTask WriteAsync(CaptureScope scope, PublishedDestination destination)
    {
        using var statement = SqliteCaptureScope.Prepare(
            SqliteCaptureScope.Handle(scope),
            """
            INSERT INTO statecast_publication (carrier, destination, contract, source, schema, first_republish_ended)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (carrier, destination) DO UPDATE SET contract = excluded.contract, source = excluded.source,
                schema = excluded.schema, first_republish_ended = excluded.first_republish_ended
            """u8
        );
        statement
            .Bind(1, destination.Carrier)
            .Bind(2, destination.Destination)
            .Bind(3, destination.Contract)
            .Bind(4, destination.Source)
            .Bind(5, destination.Schema)
            .Bind(6, destination.FirstRepublishEnded)
            .Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask RemoveAsync(CaptureScope scope, PublishedDestination destination)
    {
        Delete(scope, "DELETE FROM statecast_publication WHERE carrier = ?1 AND destination = ?2"u8, destination);
        Delete(
            scope,
            "DELETE FROM statecast_outbox WHERE carrier = ?1 AND (destination = ?2 OR substr(destination, 1, length(?2) + 1) = ?2 || '>')"u8,
            destination
        );
        return ValueTask.CompletedTask;
    }

    public ValueTask<PublishedLane> ReadLaneAsync(CaptureScope scope, string carrier, LaneId lane, int countUpTo)
    {
        using var statement = SqliteCaptureScope.Prepare(
            SqliteCaptureScope.Handle(scope),
            """
            SELECT coalesce((SELECT next_number FROM statecast_lane WHERE carrier = ?1 AND destination = ?2 AND lane = ?3), 1),
                (SELECT count(*) FROM (SELECT 1 FROM statecast_outbox WHERE carrier = ?1 AND destination = ?2 AND lane = ?3 LIMIT ?4))
            """u8
        );
        statement.Bind(1, carrier).Bind(2, lane.Destination).Bind(3, lane.Number).Bind(4, countUpTo).Step();
        return new(new PublishedLane(statement.Int64(0), statement.Int32(1)));
    }

    private static void Delete(CaptureScope scope, ReadOnlySpan<byte> sql, PublishedDestination destination)
    {
        using var statement = SqliteCaptureScope.Prepare(SqliteCaptureScope.Handle(scope), sql);
        statement.Bind(1, destination.Carrier).Bind(2, destination.Destination).Run();
    }
}
