namespace Statecast.Outbox;

/// <summary>
/// The relay's view of a source's database. The relay's rules live in the core; a store is plain SQL.
/// Called by one relay at a time per shard; two processes may each have a store on one database.
/// </summary>
public interface IOutboxStore : IAsyncDisposable
{
    /// <summary>Which database it is: the same for every store on it in this process. Sources that share one share its relays.</summary>
    string Database { get; }

    /// <summary>
    /// Tries to become the shard's one relay, in one transaction: free or expired leases are taken, one held by another is left alone unless the store
    /// knows for certain that its holder's process is gone.
    /// </summary>
    /// <returns>Null while another holds it.</returns>
    ValueTask<LeaseGrant?> AcquireAsync(LeaseRequest request, CancellationToken ct);

    /// <summary>Reads the database's clock first, then one snapshot of the shard's rows (protocol section 3).</summary>
    ValueTask<OutboxSnapshot> ReadAsync(OutboxQuery query, CancellationToken ct);

    /// <summary>Applies one set of changes, atomically and durably, if the lease and the counter are still those that the relay remembers.</summary>
    /// <returns>False if not: nothing was changed, and the relay must acquire again.</returns>
    ValueTask<bool> CommitAsync(OutboxCommit commit, CancellationToken ct);

    /// <summary>Gives the lease back, if it is still held, so that another can start at once.</summary>
    ValueTask ReleaseAsync(string shard, Guid leaseId, CancellationToken ct);

    /// <summary>Returns when the database may hold new rows, or after the time-out. A lost wake only costs the time-out.</summary>
    ValueTask WaitAsync(TimeSpan timeout, CancellationToken ct);
}
