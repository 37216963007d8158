using Statecast.Outbox;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Outbox;

/// <summary>The leases of one store with their marks. Used by one caller at a time.</summary>
internal sealed class SqliteLeaseMarks(TimeProvider clock) : IDisposable
{
    private readonly Dictionary<string, SqliteLeaseMark> _marks = new(StringComparer.Ordinal);

    /// <summary>Takes the lease if it is free, ran out, or its holder is known to be dead.</summary>
    public async ValueTask<LeaseGrant?> AcquireAsync(SqliteDatabase database, LeaseRequest request, CancellationToken ct)
    {
        SqliteLeaseMark? mark = null;
        try
        {
            var grant = await database
                .WriteAsync(
                    file =>
                    {
                        // Who asks again has given up what it held; whether that ran out is a matter of time, since its process lives.
                        Drop(request.Shard);
                        mark = SqliteLeaseMark.TryLock(file.Path, request.Shard);
                        var taken = SqliteOutboxLease.Acquire(file, request, clock.GetUtcNow(), mark?.DeadLease);
                        if (taken is null)
                            mark?.Dispose();
                        return taken;
                    },
                    clock,
                    ct
                )
                .ConfigureAwait(false);
            // After the commit: a process that dies in between leaves a name that is not this lease's, and its successor waits.
            if (grant is not null && mark?.TryName(request.LeaseId) == true)
            {
                _marks.Add(request.Shard, mark);
                mark = null;
            }
            return grant;
        }
        finally
        {
            mark?.Dispose();
        }
    }

    /// <summary>Gives the lease back if it is still held.</summary>
    public ValueTask<bool> ReleaseAsync(SqliteDatabase database, string shard, Guid leaseId, CancellationToken ct) =>
        database.WriteAsync(
            file =>
            {
                // Inside the transaction: should it fail, the lease stays and only time ends it.
                if (_marks.TryGetValue(shard, out var mark) && mark.Lease == leaseId)
                    Drop(shard);
                return SqliteOutboxLease.Release(file, shard, leaseId);
            },
            clock,
            ct
        );

    public void Dispose()
    {
        foreach (var shard in _marks.Keys.ToList())
            Drop(shard);
    }

    private void Drop(string shard)
    {
        if (_marks.Remove(shard, out var mark))
            mark.Dispose();
    }
}
