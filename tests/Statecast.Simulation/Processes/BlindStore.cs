using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Simulation.Processes;

/// <summary>A planted bug: what may follow is written whatever the key's row says.</summary>
internal sealed class BlindStore(IReplicaStore inner) : IReplicaStore
{
    public IReplicaInbox Inbox => inner.Inbox;

    public ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct) => inner.OpenAsync(layout, ct);

    public async ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct) =>
        new Unit(await inner.BeginAsync(keys, ct));

    public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct) => inner.FindAsync(key, ct);

    public IAsyncEnumerable<ReplicaRow> EnumerateAsync(CancellationToken ct) => inner.EnumerateAsync(ct);

    public IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, CancellationToken ct) => inner.QueryAsync(index, value, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class Unit(IReplicaUnit inner) : IReplicaUnit
    {
        public ReplicaRow? Find(string key) => inner.Find(key);

        public ParkedEvent? FindParked(string key) => inner.FindParked(key);

        public WaitingPatches Waiting => inner.Waiting;

        public IReadOnlyList<StateEvent> FindWaiting(string key) => inner.FindWaiting(key);

        public StoredBody? FindBody(string key) => inner.FindBody(key);

        public bool Follows => inner.Follows;

        public IReadOnlyList<string> Follow(IReadOnlyList<ReplicaRow> rows, out long added)
        {
            added = rows.Count(r => inner.Find(r.Key) is not { Deleted: false });
            return [];
        }

        public ValueTask CommitAsync(ReplicaPlan plan, CancellationToken ct) => inner.CommitAsync(plan, ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
