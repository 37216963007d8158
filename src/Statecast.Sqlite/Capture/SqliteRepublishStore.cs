using Statecast.Contracts;
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
        using var statement = SqliteCaptureScope.Prepare(SqliteCaptureScope.Handle(scope), SqliteRepublishRow.Insert);
        foreach (var request in requests)
            SqliteRepublishRow.Add(statement, request, cursor);
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
        var isAll = IsAll(firstBucket, lastBucket);
        // Of an index alone: a look at each head would cost a page for each.
        using var statement = SqliteCaptureScope.Prepare(
            SqliteCaptureScope.Handle(scope),
            isAll
                ? "SELECT count(*) FROM statecast_head WHERE contract = ?1 AND key > ?2"u8
                : "SELECT count(*) FROM statecast_head WHERE contract = ?1 AND (bucket, key) > (?3, ?2) AND bucket <= ?4"u8
        );
        statement.Bind(1, contract).Bind(2, after ?? "");
        if (!isAll)
            statement.Bind(3, after is null ? firstBucket : KeyText.Bucket(after)).Bind(4, lastBucket);
        statement.Step();
        return new(statement.Int64(0));
    }

    /// <summary>Whether a bucket range is none, but everything.</summary>
    internal static bool IsAll(int firstBucket, int lastBucket) => firstBucket == 0 && lastBucket == KeyText.Buckets - 1;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PatchedHead>> ReadPatchedAsync(
        CaptureScope scope,
        string contract,
        PatchedHead? after,
        DateTimeOffset fullBefore,
        int limit
    )
    {
        using var statement = SqliteCaptureScope.Prepare(
            SqliteCaptureScope.Handle(scope),
            """
            SELECT full_at, key FROM statecast_head
            WHERE contract = ?1 AND patches > 0 AND (full_at, key) > (?2, ?3) AND full_at < ?4 ORDER BY full_at, key LIMIT ?5
            """u8
        );
        statement
            .Bind(1, contract)
            .Bind(2, after is { } last ? SqliteStatement.Microseconds(last.FullAt) : long.MinValue)
            .Bind(3, after?.Key ?? "")
            .Bind(4, SqliteStatement.Microseconds(fullBefore))
            .Bind(5, limit);
        var found = new List<PatchedHead>();
        while (statement.Step())
            found.Add(new(statement.Time(0), statement.Text(1)));
        return new(found);
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
