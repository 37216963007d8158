using System.Data.Common;
using SQLitePCL;
using Statecast.Contracts;
using Statecast.Events;
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
    // All of them lie together by their keys, and mostly the rows that they speak of do too. No head is at revision 0: one is first written with its first revision.
    private static ReadOnlySpan<byte> WalkAll =>
        "SELECT revision, deleted, schema, content, key FROM statecast_head WHERE contract = ?1 AND key > ?2 ORDER BY key LIMIT ?3"u8;

    // By the index of the buckets: else each range would look at every head.
    private static ReadOnlySpan<byte> WalkRange =>
        """
        SELECT revision, deleted, schema, content, key FROM statecast_head
        WHERE contract = ?1 AND (bucket, key) > (?2, ?3) AND bucket <= ?4
        ORDER BY bucket, key LIMIT ?5
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
        foreach (var each in wanted)
            count += each.Keys.Count;
        var heads = new Head[count];
        var next = 0;
        foreach (var each in wanted)
        foreach (var key in each.Keys)
            heads[next++] = each.WithBases
                ? ReadBase(statements.ReadBase, each.Contract, key)
                : ReadHead(statements.ReadHead, each.Contract, key);
        return new(new LockedHeads(SqliteSourceRow.Read(statements.ReadEpoch).Epoch, heads));
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
    public ValueTask<IReadOnlyList<WalkedHead>> WalkAsync(
        CaptureScope scope,
        string contract,
        string? after,
        int firstBucket,
        int lastBucket,
        int limit
    )
    {
        scope.CancellationToken.ThrowIfCancellationRequested();
        var isAll = SqliteRepublishStore.IsAll(firstBucket, lastBucket);
        var handle = SqliteCaptureScope.Handle(scope);
        SqliteCaptureScope.RequireWriteLock(scope, handle);
        using var statement = SqliteCaptureScope.Prepare(handle, isAll ? WalkAll : WalkRange);
        if (isAll)
            statement.Bind(1, contract).Bind(2, after ?? "").Bind(3, limit);
        else
            statement
                .Bind(1, contract)
                .Bind(2, after is null ? firstBucket : KeyText.Bucket(after))
                .Bind(3, after ?? "")
                .Bind(4, lastBucket)
                .Bind(5, limit);
        var heads = new List<WalkedHead>();
        while (statement.Step())
            heads.Add(new(statement.Text(4), HeadOf(statement)));
        return new(heads);
    }

    /// <inheritdoc/>
    public ValueTask<long> EnsureEpochAsync(CaptureScope scope, long epoch)
    {
        var handle = SqliteCaptureScope.Handle(scope);
        using var add = SqliteCaptureScope.Prepare(handle, SqliteSourceRow.Add);
        var select = SqliteCaptureScope.StatementsOf(scope, handle).ReadEpoch;
        return new(SqliteSourceRow.Ensure(add, select, epoch, scope.Connection.DataSource));
    }

    private static Head ReadHead(SqliteStatement statement, string contract, string key)
    {
        try
        {
            return statement.Bind(1, contract).Bind(2, key).Step() ? HeadOf(statement) : Head.None;
        }
        finally
        {
            statement.Reset();
        }
    }

    private static Head ReadBase(SqliteStatement statement, string contract, string key)
    {
        try
        {
            if (!statement.Bind(1, contract).Bind(2, key).Step())
                return Head.None;
            return HeadOf(statement) with
            {
                Base = statement.IsNull(6) ? null : new(statement.Bytes(6), statement.Int32(4), statement.Time(5)),
            };
        }
        finally
        {
            statement.Reset();
        }
    }

    private static Head HeadOf(SqliteStatement row) =>
        new(row.Int64(0), row.Boolean(1), row.FingerprintOrNull(2), row.FingerprintOrNull(3));

    private static void WriteHead(SqliteCaptureStatements statements, HeadWrite write)
    {
        var first = write.Head.Revision == 1 || write.Head.Base is not null;
        var statement =
            write.Head.Base is not null ? statements.WriteBase
            : first ? statements.AddHead
            : statements.RaiseHead;
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
        if (write.Head.Base is { } kept)
            statement.Bind(9, kept.Patches).Bind(10, SqliteStatement.Microseconds(kept.FullAt)).Bind(11, kept.Body.Span);
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
            // A mark has no state, but says which range it is of.
            if (row.Operation == StateOperation.Delete)
                statement.BindNull(12);
            else
                statement.Bind(12, row.Body.Span);
            var patch = row.Operation == StateOperation.Patch;
            if (patch)
                statement.Bind(17, row.Base);
            statement.Run();
            if (patch)
                statement.BindNull(17);
        }
        // The statement is kept; the copy of the last body need not be.
        statement.BindNull(12);
    }
}
