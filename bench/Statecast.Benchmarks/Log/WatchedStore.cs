using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Benchmarks.Log;

/// <summary>Tells of every commit which orders' rows it wrote; all else is the inner store's.</summary>
internal sealed class WatchedStore(IReplicaStore inner, AppliedOrders applied) : IReplicaStore
{
    public IReplicaInbox Inbox => inner.Inbox;

    public ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct) => inner.OpenAsync(layout, ct);

    public async ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct) =>
        new WatchedUnit(await inner.BeginAsync(keys, ct), applied);

    public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct) => inner.FindAsync(key, ct);

    public IAsyncEnumerable<ReplicaRow> EnumerateAsync(CancellationToken ct) => inner.EnumerateAsync(ct);

    public IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, CancellationToken ct) => inner.QueryAsync(index, value, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class WatchedUnit(IReplicaUnit inner, AppliedOrders applied) : IReplicaUnit
    {
        public ReplicaRow? Find(string key) => inner.Find(key);

        public ParkedEvent? FindParked(string key) => inner.FindParked(key);

        public WaitingPatches Waiting => inner.Waiting;

        public IReadOnlyList<StateEvent> FindWaiting(string key) => inner.FindWaiting(key);

        public StoredBody? FindBody(string key) => inner.FindBody(key);

        public bool Follows => inner.Follows;

        public IReadOnlyList<string> Follow(IReadOnlyList<ReplicaRow> rows, out long added) => inner.Follow(rows, out added);

        public async ValueTask CommitAsync(ReplicaPlan plan, CancellationToken ct)
        {
            await inner.CommitAsync(plan, ct);
            applied.Note(plan.Rows.Select(r => Guid.Parse(r.Key)));
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
