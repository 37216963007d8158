using Statecast.Events;

namespace Statecast.Replicas;

/// <summary>
/// Where one replica is kept. The rules of applying live in the core; a store loads, writes one plan atomically, and reads.
/// One writer (the target's apply loop) and any number of readers.
/// </summary>
public interface IReplicaStore : IAsyncDisposable
{
    /// <summary>Opens or makes the replica's tables and returns what they hold.</summary>
    /// <exception cref="ReplicaStoreException">The store is in use by another process, cannot be reached, or is damaged; the message says what mends it.</exception>
    ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct);

    /// <summary>Begins the one local transaction of a batch and loads the rows and parked marks of these keys.</summary>
    ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct);

    /// <summary>One row, a tombstone too; null if the key was never seen.</summary>
    ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct);

    /// <summary>All rows but tombstones, by key: one snapshot where the store has one, else weakly consistent.</summary>
    IAsyncEnumerable<ReplicaRow> EnumerateAsync(CancellationToken ct);

    /// <summary>The rows that a declared index has under a value, by key.</summary>
    IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, CancellationToken ct);

    /// <summary>Parked events and the handlers' pending work of this replica.</summary>
    IReplicaInbox Inbox { get; }
}

/// <summary>One batch's local transaction. Disposed without a commit it leaves nothing.</summary>
public interface IReplicaUnit : IAsyncDisposable
{
    /// <summary>
    /// The row of one of the keys asked for; null if the key was never seen. The body is loaded only if the layout has handlers. The object may be another row
    /// after the next call, and once the unit ended.
    /// </summary>
    ReplicaRow? Find(string key);

    /// <summary>The parked event of one of the keys asked for; null for none.</summary>
    ParkedEvent? FindParked(string key);

    /// <summary>All patches that wait in this replica, of whatever key.</summary>
    WaitingPatches Waiting { get; }

    /// <summary>The patches of one of the keys asked for that wait, by revision.</summary>
    IReadOnlyList<StateEvent> FindWaiting(string key);

    /// <summary>The state of one of the keys asked for, whether or not the layout has handlers: what a patch is applied to. Null for a key that is deleted or was never seen.</summary>
    StoredBody? FindBody(string key);

    /// <summary>
    /// Whether <see cref="Follow"/> is of use: it costs less here than a look at each row and a plan of what it means, and nothing is parked. False by default.
    /// </summary>
    bool Follows => false;

    /// <summary>
    /// Writes those of these rows, each of another key and none of them Deleted or with index entries, that plainly follow: the key was never seen, or has a row of
    /// the same epoch and a lower revision that is no tombstone and has no index entries. Such a row counts one write more and keeps the higher numbers and what handlers
    /// have seen. Called before anything is looked at, at most once; part of the unit's transaction.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="added">How many of the keys were never seen.</param>
    /// <returns>The keys whose rows were left alone.</returns>
    IReadOnlyList<string> Follow(IReadOnlyList<ReplicaRow> rows, out long added)
    {
        added = 0;
        return [.. rows.Select(r => r.Key)];
    }

    /// <summary>Writes the plan, but for the rows that <see cref="Follow"/> has written, and commits.</summary>
    ValueTask CommitAsync(ReplicaPlan plan, CancellationToken ct);
}

/// <summary>What waits in a replica: events that cannot be applied, and states that handlers have not finished with.</summary>
public interface IReplicaInbox
{
    /// <summary>All parked events, oldest first.</summary>
    IAsyncEnumerable<ParkedEvent> ParkedAsync(CancellationToken ct);

    /// <summary>
    /// Handlers' pending changes, at most one per handler and key: those that are due, longest due first, so that what fails again and again comes after
    /// what was never tried; or all of them, oldest first.
    /// </summary>
    /// <param name="dueAt">Only those whose next try is not later; null for all, stalled ones too.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="ct">Ends the read.</param>
    ValueTask<IReadOnlyList<PendingChange>> PendingAsync(DateTimeOffset? dueAt, int limit, CancellationToken ct);

    /// <summary>Changes without a next try, oldest first.</summary>
    IAsyncEnumerable<PendingChange> StalledAsync(CancellationToken ct);

    /// <summary>How many changes <see cref="StalledAsync"/> tells; asked again and again while there are any.</summary>
    ValueTask<long> CountStalledAsync(CancellationToken ct);

    /// <summary>
    /// The handler finished with this state: deletes its pending change if nothing newer came meanwhile, else makes this state the newer one's previous;
    /// in both cases the row remembers that the handler has seen the key.
    /// </summary>
    ValueTask CompleteAsync(PendingChange change, CancellationToken ct);

    /// <summary>The handler threw: notes attempts, reason and next try, unless a newer state came meanwhile. A null next try means stalled.</summary>
    ValueTask FailAsync(PendingChange change, string reason, DateTimeOffset? nextTry, CancellationToken ct);

    /// <summary>Lets a stalled change be tried again at once, or drops it: the next change of the key then has the dropped one's previous, none of its causes. False if there is none.</summary>
    ValueTask<bool> ResolveAsync(string handler, string key, bool drop, CancellationToken ct);
}
