using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Statecast.Events;
using Statecast.Replicas.InMemory;

namespace Statecast.Replicas.Objects;

/// <summary>
/// A replica in memory that keeps the state objects, for a carrier that hands them along: a read decodes nothing and copies nothing. What came as bytes
/// was decoded once, when it was applied. Each row is one immutable object, so a reader never sees a torn state; an enumeration is weakly consistent: it may
/// mix instants.
/// </summary>
internal sealed class ObjectReplicaStore : IReplicaStore
{
    private readonly ConcurrentDictionary<string, ReplicaRow> _rows = new(StringComparer.Ordinal);
    private readonly MemoryIndex _index = new();

    // Held by a unit from its load to its commit, and by everything else that writes: a handler's completion must not fall between the two.
    // Everything below is touched under it only.
    private readonly SemaphoreSlim _gate = new(1);
    private readonly MemoryBooks _books = new();
    private readonly MemoryInbox _inbox;

    /// <summary>An empty replica.</summary>
    public ObjectReplicaStore() => _inbox = new(_gate, _books.Parked, MarkSeen);

    /// <inheritdoc/>
    public IReplicaInbox Inbox => _inbox;

    /// <inheritdoc/>
    public async ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct)
    {
        await _gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return _books.Open(layout);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct)
    {
        await _gate.WaitAsync(ct).ConfigureAwait(false);
        return new Unit(this);
    }

    /// <inheritdoc/>
    public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct) => new(_rows.GetValueOrDefault(key));

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplicaRow> EnumerateAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        var keys = _rows.Keys.ToArray();
        Array.Sort(keys, StringComparer.Ordinal);
        foreach (var key in keys)
        {
            ct.ThrowIfCancellationRequested();
            if (_rows.TryGetValue(key, out var row) && !row.Deleted)
                yield return row;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, [EnumeratorCancellation] CancellationToken ct)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        foreach (var key in _index.Keys(new(index, value)))
        {
            ct.ThrowIfCancellationRequested();
            // The row is read after the index: a change in between must not show a state that does not match.
            if (_rows.TryGetValue(key, out var row) && !row.Deleted && row.Entries.Contains(new(index, value)))
                yield return row;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Commit(ReplicaPlan plan)
    {
        foreach (var change in plan.Pending)
            _inbox.Upsert(change);
        foreach (var row in plan.Rows)
            Put(row);
        _books.Commit(plan);
    }

    private void Put(ReplicaRow row)
    {
        // The bytes say nothing that the object does not.
        if (row.State is not null)
            row = row with { Body = default };
        var old = _rows.GetValueOrDefault(row.Key);
        _index.Replace(row.Key, old?.Entries ?? [], row.Entries);
        _rows[row.Key] = row;
        _books.Replaced(old is { Deleted: false }, !row.Deleted);
    }

    private void MarkSeen(string handler, string key)
    {
        if (_rows.TryGetValue(key, out var row))
            _rows[key] = row with { Seen = row.Seen | _books.SeenBits(handler) };
    }

    private sealed class Unit(ObjectReplicaStore store) : IReplicaUnit
    {
        private bool _ended;

        public ReplicaRow? Find(string key) => store._rows.GetValueOrDefault(key);

        public ParkedEvent? FindParked(string key) => store._books.Parked.GetValueOrDefault(key);

        public WaitingPatches Waiting => store._books.Waiting.All;

        public IReadOnlyList<StateEvent> FindWaiting(string key) => store._books.Waiting.Find(key);

        public StoredBody? FindBody(string key) => Find(key) is { Deleted: false } row ? StoredBody.Of(row) : null;

        public ValueTask CommitAsync(ReplicaPlan plan, CancellationToken ct)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            ct.ThrowIfCancellationRequested();
            store.Commit(plan);
            return DisposeAsync();
        }

        public ValueTask DisposeAsync()
        {
            if (!_ended)
                store._gate.Release();
            _ended = true;
            return ValueTask.CompletedTask;
        }
    }
}
