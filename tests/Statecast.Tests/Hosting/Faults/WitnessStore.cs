using System.Collections.Concurrent;
using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Tests.Hosting.Faults;

/// <summary>What was ever written into one replica, in the order of its commits. Outlives the hosts that wrote it.</summary>
internal sealed class Witness
{
    private readonly Dictionary<string, ReplicaRow> _newest = [];
    private readonly Dictionary<string, HashSet<StateRevision>> _revisions = [];

    /// <summary>Rows that went back, or said an equal revision again without being a Snapshot.</summary>
    public ConcurrentQueue<string> Violations { get; } = [];

    /// <summary>How many different revisions of a key were ever written.</summary>
    public int RevisionsOf(string key)
    {
        lock (_revisions)
            return _revisions.GetValueOrDefault(key)?.Count ?? 0;
    }

    public void Committed(ReplicaPlan plan)
    {
        lock (_revisions)
            foreach (var row in plan.Rows)
            {
                if (
                    _newest.TryGetValue(row.Key, out var before)
                    && (row.Revision < before.Revision || (row.Revision == before.Revision && !SaysAgain(before, row)))
                )
                    Violations.Enqueue($"{row.Key}: {row.Operation} {row.Revision} was written over {before.Operation} {before.Revision}");
                // A copy: the object may be another row once the batch is done.
                _newest[row.Key] = row with
                { };
                if (!_revisions.TryGetValue(row.Key, out var revisions))
                    _revisions[row.Key] = revisions = [];
                revisions.Add(row.Revision);
            }
    }

    // A Snapshot may replace its equal, and a change may confirm what a Snapshot wrote.
    private static bool SaysAgain(ReplicaRow before, ReplicaRow after) =>
        before.Deleted == after.Deleted
        && before.Content == after.Content
        && (before.Operation == StateOperation.Snapshot || after.Operation == StateOperation.Snapshot || after.Writes == before.Writes);
}

/// <summary>A replica store whose commits are witnessed, and fail now and then: before they took effect, or after.</summary>
internal sealed class WitnessStore(IReplicaStore inner, Witness witness, Func<StoreMoment, bool> fails) : IReplicaStore
{
    public IReplicaInbox Inbox => inner.Inbox;

    public ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct)
    {
        Layout = layout;
        return inner.OpenAsync(layout, ct);
    }

    public ReplicaLayout? Layout { get; private set; }

    public async ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct)
    {
        Fail(StoreMoment.Begin);
        return new Unit(this, await inner.BeginAsync(keys, ct));
    }

    public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct) => inner.FindAsync(key, ct);

    public IAsyncEnumerable<ReplicaRow> EnumerateAsync(CancellationToken ct) => inner.EnumerateAsync(ct);

    public IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, CancellationToken ct) => inner.QueryAsync(index, value, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void Fail(StoreMoment moment)
    {
        if (fails(moment))
            throw new ReplicaStoreException($"the store failed: {moment}");
    }

    private sealed class Unit(WitnessStore store, IReplicaUnit inner) : IReplicaUnit
    {
        private readonly WitnessStore _store = store;

        public ReplicaRow? Find(string key) => inner.Find(key);

        public ParkedEvent? FindParked(string key) => inner.FindParked(key);

        public WaitingPatches Waiting => inner.Waiting;

        public IReadOnlyList<StateEvent> FindWaiting(string key) => inner.FindWaiting(key);

        public StoredBody? FindBody(string key) => inner.FindBody(key);

        public bool Follows => inner.Follows;

        public IReadOnlyList<string> Follow(IReadOnlyList<ReplicaRow> rows, out long added) => inner.Follow(rows, out added);

        public async ValueTask CommitAsync(ReplicaPlan plan, CancellationToken ct)
        {
            _store.Fail(plan.Rows.Count > 0 ? StoreMoment.BeforeRows : StoreMoment.BeforeCommit);
            await inner.CommitAsync(plan, ct);
            _store.Witnessed(plan);
            _store.Fail(StoreMoment.AfterCommit);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private void Witnessed(ReplicaPlan plan) => witness.Committed(plan);
}

/// <summary>When a store may fail.</summary>
internal enum StoreMoment
{
    /// <summary>Before anything is loaded.</summary>
    Begin,

    /// <summary>Nothing was written; no rows were to be.</summary>
    BeforeCommit,

    /// <summary>Nothing was written, although rows were to be.</summary>
    BeforeRows,

    /// <summary>Everything was written, and nobody hears of it.</summary>
    AfterCommit,
}
