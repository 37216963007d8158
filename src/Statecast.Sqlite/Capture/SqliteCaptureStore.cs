using System.Data.Common;
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
    public ValueTask<LockedHeads> LockAsync(CaptureScope scope, IReadOnlyList<HeadKeys> wanted)
    {
        scope.CancellationToken.ThrowIfCancellationRequested();
        var handle = SqliteCaptureScope.Handle(scope);
        SqliteCaptureScope.RequireWriteLock(scope, handle);
        var statements = SqliteCaptureScope.StatementsOf(scope, handle);
        var count = 0;
        foreach (var (_, keys) in wanted)
            count += keys.Count;
        var heads = new Head[count];
        var next = 0;
        foreach (var (contract, keys) in wanted)
        foreach (var key in keys)
            heads[next++] = ReadHead(statements.ReadHead, contract, key);
        return new(new LockedHeads(EpochOf(statements).Epoch, heads));
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(CaptureScope scope, IReadOnlyList<HeadWrite> heads, IReadOnlyList<OutboxRow> rows)
    {
        scope.CancellationToken.ThrowIfCancellationRequested();
        var statements = SqliteCaptureScope.StatementsOf(scope, SqliteCaptureScope.Handle(scope));
        foreach (var write in heads)
            WriteHead(statements, write);
        if (rows.Count > 0)
            WriteRows(statements.AddRow, rows);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Saved(DbConnection connection) => SqliteWake.Notify(connection.DataSource);

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
        var (known, layout) = EpochOf(SqliteCaptureScope.StatementsOf(scope, handle));
        return layout == TableLayout.Version
            ? new(known)
            : throw new SourceException(
                $"Statecast's tables have layout {layout}, but this version works with {TableLayout.Version}. Add and apply a migration, or deploy the version that made them."
            );
    }

    private static (long Epoch, long Layout) EpochOf(SqliteCaptureStatements statements)
    {
        var statement = statements.ReadEpoch;
        var source = statement.Step() ? (statement.Int64(0), statement.Int64(1)) : default;
        statement.Reset();
        return source;
    }

    private static Head ReadHead(SqliteStatement statement, string contract, string key)
    {
        try
        {
            return statement.Bind(1, contract).Bind(2, key).Step()
                ? new(statement.Int64(0), statement.Boolean(1), statement.FingerprintOrNull(2), statement.FingerprintOrNull(3))
                : Head.None;
        }
        finally
        {
            statement.Reset();
        }
    }

    private static void WriteHead(SqliteCaptureStatements statements, HeadWrite write)
    {
        var first = write.Head.Revision == 1;
        var statement = first ? statements.AddHead : statements.RaiseHead;
        statement
            .Bind(1, write.Contract)
            .Bind(2, write.Key)
            .Bind(3, write.Head.Revision)
            .Bind(4, write.Head.Deleted)
            .Bind(5, write.Head.Schema)
            .Bind(6, write.Head.Content)
            .Bind(7, write.OperationId);
        if (first)
            statement.Bind(8, KeyText.Bucket(write.Key));
        statement.Run();
    }

    private static void WriteRows(SqliteStatement statement, IReadOnlyList<OutboxRow> rows)
    {
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
        // The statement is kept; the copy of the last body need not be.
        statement.BindNull(12);
    }
}
