using SQLitePCL;
using Statecast.Contracts;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Capture;

/// <summary>
/// Capture's SQL on SQLite. The database has one write lock and the save holds it, so heads need no locks of their own;
/// a key never published gets its head when it is first written.
/// </summary>
public sealed class SqliteCaptureStore : ICaptureStore
{
    // The left join gives a row, and with it the epoch, also where there is no head.
    private static ReadOnlySpan<byte> ReadHead =>
        """
        SELECT s.epoch, h.revision, h.deleted, h.schema, h.content
        FROM (SELECT (SELECT epoch FROM statecast_source WHERE id = 1) AS epoch) AS s
        LEFT JOIN statecast_head AS h ON h.contract = ?1 AND h.key = ?2
        """u8;

    private static ReadOnlySpan<byte> WriteHead =>
        """
        INSERT INTO statecast_head (contract, key, bucket, revision, deleted, schema, content, operation_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (contract, key) DO UPDATE SET
            revision = excluded.revision, deleted = excluded.deleted, schema = excluded.schema,
            content = excluded.content, operation_id = excluded.operation_id
        """u8;

    private static ReadOnlySpan<byte> WriteRow =>
        """
        INSERT INTO statecast_outbox (carrier, destination, lane, contract, key, revision, operation, causes, codec,
            schema, content, body, trace_parent, trace_state, captured_at, keep_each)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
        """u8;

    private static ReadOnlySpan<byte> Walk =>
        """
        SELECT key FROM statecast_head
        WHERE contract = ?1 AND key > ?2 AND revision > 0 AND bucket BETWEEN ?3 AND ?4
        ORDER BY key LIMIT ?5
        """u8;

    /// <summary>The one instance.</summary>
    public static SqliteCaptureStore Instance { get; } = new();

    private SqliteCaptureStore() { }

    /// <inheritdoc/>
    public IRepublishStore Republish => SqliteRepublishStore.Instance;

    /// <inheritdoc/>
    public ValueTask<LockedHeads> LockAsync(CaptureScope scope, string contract, IReadOnlyList<string> keys)
    {
        scope.CancellationToken.ThrowIfCancellationRequested();
        var handle = SqliteCaptureScope.Handle(scope);
        SqliteCaptureScope.RequireWriteLock(scope, handle);
        using var statement = SqliteCaptureScope.Prepare(handle, ReadHead);
        var heads = new Head[keys.Count];
        var epoch = 0L;
        for (var i = 0; i < keys.Count; i++)
        {
            statement.Bind(1, contract).Bind(2, keys[i]).Step();
            epoch = statement.Int64OrNull(0) ?? 0;
            heads[i] = statement.IsNull(1)
                ? Head.None
                : new(statement.Int64(1), statement.Boolean(2), statement.FingerprintOrNull(3), statement.FingerprintOrNull(4));
            statement.Reset();
        }
        return new(new LockedHeads(epoch, heads));
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(CaptureScope scope, IReadOnlyList<HeadWrite> heads, IReadOnlyList<OutboxRow> rows)
    {
        scope.CancellationToken.ThrowIfCancellationRequested();
        var handle = SqliteCaptureScope.Handle(scope);
        if (heads.Count > 0)
            WriteHeads(handle, heads);
        if (rows.Count > 0)
        {
            WriteRows(handle, rows);
            // The commit is the application's, and moments away: the relay looks closely from now on.
            SqliteWake.Notify(scope.Connection.DataSource);
        }
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> WalkAsync(
        CaptureScope scope,
        string contract,
        string? after,
        int firstBucket,
        int lastBucket,
        int limit
    )
    {
        scope.CancellationToken.ThrowIfCancellationRequested();
        using var statement = SqliteCaptureScope.Prepare(SqliteCaptureScope.Handle(scope), Walk);
        statement.Bind(1, contract).Bind(2, after ?? "").Bind(3, firstBucket).Bind(4, lastBucket).Bind(5, limit);
        var keys = new List<string>();
        while (statement.Step())
            keys.Add(statement.Text(0));
        return new(keys);
    }

    /// <inheritdoc/>
    public ValueTask<long> EnsureEpochAsync(CaptureScope scope, long epoch)
    {
        var handle = SqliteCaptureScope.Handle(scope);
        using (
            var insert = SqliteCaptureScope.Prepare(
                handle,
                "INSERT INTO statecast_source (id, epoch, layout) VALUES (1, ?1, ?2) ON CONFLICT (id) DO NOTHING"u8
            )
        )
            insert.Bind(1, epoch).Bind(2, (long)TableLayout.Version).Run();
        using var read = SqliteCaptureScope.Prepare(handle, "SELECT epoch, layout FROM statecast_source WHERE id = 1"u8);
        read.Step();
        var (known, layout) = (read.Int64(0), read.Int64(1));
        read.Reset();
        return layout == TableLayout.Version
            ? new(known)
            : throw new SourceException(
                $"Statecast's tables have layout {layout}, but this version works with {TableLayout.Version}. Add and apply a migration, or deploy the version that made them."
            );
    }

    private static void WriteHeads(sqlite3 handle, IReadOnlyList<HeadWrite> heads)
    {
        using var statement = SqliteCaptureScope.Prepare(handle, WriteHead);
        foreach (var write in heads)
            statement
                .Bind(1, write.Contract)
                .Bind(2, write.Key)
                .Bind(3, KeyText.Bucket(write.Key))
                .Bind(4, write.Head.Revision)
                .Bind(5, write.Head.Deleted)
                .Bind(6, write.Head.Schema)
                .Bind(7, write.Head.Content)
                .Bind(8, write.OperationId)
                .Run();
    }

    private static void WriteRows(sqlite3 handle, IReadOnlyList<OutboxRow> rows)
    {
        using var statement = SqliteCaptureScope.Prepare(handle, WriteRow);
        foreach (var row in rows)
        {
            statement
                .Bind(1, row.Carrier)
                .Bind(2, row.Lane.Destination)
                .Bind(3, row.Lane.Number)
                .Bind(4, row.Contract)
                .Bind(5, row.Key)
                .Bind(6, row.Revision)
                .Bind(7, (long)row.Operation)
                .Bind(8, row.Causes)
                .Bind(9, row.Codec)
                .Bind(10, row.Schema)
                .Bind(11, row.Content)
                .Bind(13, row.TraceParent)
                .Bind(14, row.TraceState)
                .Bind(15, SqliteStatement.Microseconds(row.CapturedAt))
                .Bind(16, row.KeepEach);
            if (row.Content is null)
                statement.BindNull(12);
            else
                statement.Bind(12, row.Body.Span);
            statement.Run();
        }
    }
}
