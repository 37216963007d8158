using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Capture;

/// <summary>The republisher's queue in SQLite. The database's one write lock stands in for locks on rows.</summary>
public sealed class SqliteRepublishStore : IRepublishStore
{
    private static ReadOnlySpan<byte> Select =>
        """
        SELECT id, contract, key, first_bucket, last_bucket, destination, reason, cursor FROM statecast_republish
        WHERE contract IN (SELECT value FROM json_each(?1))
        """u8
        + " "u8;

    /// <summary>The one instance.</summary>
    public static SqliteRepublishStore Instance { get; } = new();

    private SqliteRepublishStore() { }

    /// <inheritdoc/>
    public IPublishedStore Published => SqlitePublishedStore.Instance;

    /// <inheritdoc/>
    public ValueTask QueueAsync(CaptureScope scope, IReadOnlyList<RepublishRequest> requests, string? cursor)
    {
        using var statement = SqliteCaptureScope.Prepare(
            SqliteCaptureScope.Handle(scope),
            "INSERT INTO statecast_republish (contract, key, first_bucket, last_bucket, destination, reason, cursor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"u8
        );
        foreach (var request in requests)
            statement
                .Bind(1, request.Contract)
                .Bind(2, request.Key)
                .Bind(3, request.FirstBucket)
                .Bind(4, request.LastBucket)
                .Bind(5, request.Destination)
                .Bind(6, request.Reason)
                .Bind(7, cursor)
                .Run();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RepublishTask>> NextAsync(
        CaptureScope scope,
        IReadOnlyCollection<string> contracts,
        int limit,
        long? withheldAfter
    )
    {
        var handle = SqliteCaptureScope.Handle(scope);
        SqliteCaptureScope.RequireWriteLock(scope, handle);
        using var statement = SqliteCaptureScope.Prepare(
            handle,
            [
                .. Select,
                .. withheldAfter is null ? "AND cursor IS NOT 'w' "u8 : "AND cursor IS 'w' AND id > ?3 "u8,
                .. "ORDER BY id LIMIT ?2"u8,
            ]
        );
        statement.Bind(1, Json(contracts)).Bind(2, limit);
        if (withheldAfter is { } after)
            statement.Bind(3, after);
        return new(Read(statement));
    }

    /// <inheritdoc/>
    public ValueTask<RepublishBacklog> ReadBacklogAsync(CaptureScope scope, IReadOnlyCollection<string> contracts)
    {
        var handle = SqliteCaptureScope.Handle(scope);
        using var count = SqliteCaptureScope.Prepare(
            handle,
            """
            SELECT count(*) FILTER (WHERE cursor IS NOT 'w'), count(*) FILTER (WHERE cursor IS 'w') FROM statecast_republish
            WHERE contract IN (SELECT value FROM json_each(?1)) AND key IS NOT NULL
            """u8
        );
        using var ranges = SqliteCaptureScope.Prepare(handle, [.. Select, .. "AND key IS NULL ORDER BY id"u8]);
        count.Bind(1, Json(contracts)).Step();
        ranges.Bind(1, Json(contracts));
        return new(new RepublishBacklog(count.Int64(0), count.Int64(1), Read(ranges)));
    }

    /// <inheritdoc/>
    public ValueTask AdvanceAsync(CaptureScope scope, long id, string? cursor)
    {
        using var statement = SqliteCaptureScope.Prepare(
            SqliteCaptureScope.Handle(scope),
            cursor is null
                ? "DELETE FROM statecast_republish WHERE id = ?1"u8
                : "UPDATE statecast_republish SET cursor = ?2 WHERE id = ?1"u8
        );
        statement.Bind(1, id);
        if (cursor is not null)
            statement.Bind(2, cursor);
        statement.Run();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<long> CountHeadsAsync(CaptureScope scope, string contract, string? after, int firstBucket, int lastBucket)
    {
        using var statement = SqliteCaptureScope.Prepare(
            SqliteCaptureScope.Handle(scope),
            "SELECT count(*) FROM statecast_head WHERE contract = ?1 AND key > ?2 AND revision > 0 AND bucket BETWEEN ?3 AND ?4"u8
        );
        statement.Bind(1, contract).Bind(2, after ?? "").Bind(3, firstBucket).Bind(4, lastBucket).Step();
        return new(statement.Int64(0));
    }

    // A contract's name has nothing in it that JSON would escape.
    private static string Json(IEnumerable<string> contracts) => $"[{string.Join(',', contracts.Select(c => $"\"{c}\""))}]";

    private static List<RepublishTask> Read(SqliteStatement statement)
    {
        var tasks = new List<RepublishTask>();
        while (statement.Step())
        {
            var request = new RepublishRequest(
                statement.Text(1),
                statement.TextOrNull(2),
                statement.Int32(3),
                statement.Int32(4),
                statement.TextOrNull(5),
                statement.Text(6)
            );
            tasks.Add(new(statement.Int64(0), request, statement.TextOrNull(7)));
        }
        return tasks;
    }
}
