using Statecast.Replicas;

namespace Statecast.Tests.Hosting;

/// <summary>A store that is watched, and whose first completions fail if a test says so.</summary>
internal sealed class InterceptedStore(IReplicaStore inner) : IReplicaStore, IReplicaInbox
{
    private int _completed;

    public int CompletionsToFail { get; set; }

    public int Completed => _completed;

    /// <summary>The most keys that one unit was begun with.</summary>
    public int LargestUnit { get; set; }

    public IReplicaInbox Inbox => this;

    /// <summary>Whether it cannot be opened.</summary>
    public bool IsAway { get; set; }

    public ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct) =>
        IsAway ? throw new ReplicaStoreException("the disk is away") : inner.OpenAsync(layout, ct);

    public ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct)
    {
        LargestUnit = Math.Max(LargestUnit, keys.Count);
        return inner.BeginAsync(keys, ct);
    }

    public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct) => inner.FindAsync(key, ct);

    public IAsyncEnumerable<ReplicaRow> EnumerateAsync(CancellationToken ct) => inner.EnumerateAsync(ct);

    public IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, CancellationToken ct) => inner.QueryAsync(index, value, ct);

    public IAsyncEnumerable<ParkedEvent> ParkedAsync(CancellationToken ct) => inner.Inbox.ParkedAsync(ct);

    public ValueTask<IReadOnlyList<PendingChange>> PendingAsync(DateTimeOffset? dueAt, int limit, CancellationToken ct) =>
        inner.Inbox.PendingAsync(dueAt, limit, ct);

    public IAsyncEnumerable<PendingChange> StalledAsync(CancellationToken ct) => inner.Inbox.StalledAsync(ct);

    public ValueTask<long> CountStalledAsync(CancellationToken ct) => inner.Inbox.CountStalledAsync(ct);

    public async ValueTask CompleteAsync(PendingChange change, CancellationToken ct)
    {
        if (CompletionsToFail-- > 0)
            throw new ReplicaStoreException("the disk is full");
        await inner.Inbox.CompleteAsync(change, ct);
        Interlocked.Increment(ref _completed);
    }

    public ValueTask FailAsync(PendingChange change, string reason, DateTimeOffset? nextTry, CancellationToken ct) =>
        inner.Inbox.FailAsync(change, reason, nextTry, ct);

    public ValueTask<bool> ResolveAsync(string handler, string key, bool drop, CancellationToken ct) =>
        inner.Inbox.ResolveAsync(handler, key, drop, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
