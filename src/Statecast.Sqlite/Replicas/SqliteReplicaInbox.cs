using Microsoft.Data.Sqlite;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>Parked events and handlers' pending work of one replica.</summary>
internal sealed class SqliteReplicaInbox(SqliteReplicaFile file, SqliteReplica replica) : IReplicaInbox
{
    private const string Same =
        "replica = ?1 AND handler = ?2 AND key = ?3 AND epoch = ?4 AND revision = ?5 AND operation = ?6 AND body IS ?7";

    public IAsyncEnumerable<ParkedEvent> ParkedAsync(CancellationToken ct) =>
        file.Read(reader => SqliteReplicaParked.All(reader, replica), SqliteReplicaParked.Map, ct).ToAsyncEnumerable();

    public ValueTask<IReadOnlyList<PendingChange>> PendingAsync(DateTimeOffset? dueAt, int limit, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var reader = file.Rent();
        try
        {
            return new(SqliteReplicaPending.Read(reader, replica, dueAt, limit));
        }
        catch (SqliteException e)
        {
            throw file.Failure(e);
        }
        finally
        {
            file.Return(reader);
        }
    }

    public IAsyncEnumerable<PendingChange> StalledAsync(CancellationToken ct) =>
        file.Read(reader => SqliteReplicaPending.Stalled(reader, replica), SqliteReplicaPending.Map, ct).ToAsyncEnumerable();

    public ValueTask<long> CountStalledAsync(CancellationToken ct) =>
        new(file.Read(reader => SqliteReplicaPending.CountStalled(reader, replica), row => row.Int64(0), ct).Single());

    public async ValueTask CompleteAsync(PendingChange change, CancellationToken ct)
    {
        await file.WriteAsync(
                database =>
                {
                    if (BindSame(database.Prepare($"DELETE FROM statecast_replica_pending WHERE {Same}"), change).Run() == 0)
                        MakePrevious(database, change);
                    replica.Rows.See(database, change.Handler, change.Key);
                    return true;
                },
                ct
            )
            .ConfigureAwait(false);
    }

    public async ValueTask FailAsync(PendingChange change, string reason, DateTimeOffset? nextTry, CancellationToken ct)
    {
        await file.WriteAsync(
                database =>
                    BindSame(
                            database.Prepare(
                                $"UPDATE statecast_replica_pending SET attempts = attempts + 1, reason = ?8, next_try = ?9 WHERE {Same} AND attempts >= 0"
                            ),
                            change
                        )
                        .Bind(8, reason)
                        .Bind(9, nextTry)
                        .Run(),
                ct
            )
            .ConfigureAwait(false);
    }

    public async ValueTask<bool> ResolveAsync(string handler, string key, bool drop, CancellationToken ct)
    {
        if (replica.Names.FindHandler(handler) is not { } number)
            return false;
        const string stalled = "replica = ?1 AND handler = ?2 AND key = ?3 AND next_try IS NULL AND attempts >= 0";
        // Time 0 is due at any time, and a store has no clock. Attempts start anew: the operator has mended something.
        var sql = drop
            ? "UPDATE statecast_replica_pending SET attempts = -1, causes = NULL, steps = NULL, trace_parent = NULL, reason = NULL, "
                + $"codec = NULL, schema = NULL, body = NULL WHERE {stalled}"
            : $"UPDATE statecast_replica_pending SET next_try = 0, attempts = 0 WHERE {stalled}";
        var changed = await file.WriteAsync(database => database.Prepare(sql).Bind(1, replica.Id).Bind(2, number).Bind(3, key).Run(), ct)
            .ConfigureAwait(false);
        return changed > 0;
    }

    // Something newer came while the handler ran, or an operator dropped the change.
    private void MakePrevious(SqliteDatabase database, PendingChange done)
    {
        var select = SqliteReplicaPending.Select(database, replica, done.Handler, done.Key);
        if (!select.Step())
            return;
        var (id, steps) = (select.Int64(0), select.TextOrNull(4));
        select.Reset();
        var (causes, left) = PendingSteps.After(steps, done.Revision);
        var update = database
            .Prepare(
                "UPDATE statecast_replica_pending SET causes = ?1, steps = ?2, previous_codec = ?3, previous_schema = ?4, previous_major = ?5, previous_body = ?6 WHERE id = ?7"
            )
            .Bind(1, causes)
            .Bind(2, left)
            .Bind(7, id);
        SqliteReplicaPending.BindBody(update, 3, done.Current).Run();
    }

    private SqliteStatement BindSame(SqliteStatement statement, PendingChange change)
    {
        statement
            .Bind(1, replica.Id)
            .Bind(2, replica.Names.HandlerNumber(change.Handler))
            .Bind(3, change.Key)
            .Bind(4, change.Revision.Epoch)
            .Bind(5, change.Revision.Number)
            .Bind(6, (long)change.Operation);
        return change.Current is { } current ? statement.Bind(7, current.Body.Span) : statement.BindNull(7);
    }
}
