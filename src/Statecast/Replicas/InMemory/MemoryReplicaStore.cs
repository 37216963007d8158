using System.Runtime.CompilerServices;
using Statecast.Events;

namespace Statecast.Replicas.InMemory;

/// <summary>
/// A replica in memory: bootstraps anew at every start. States are kept as the bytes that were received, in large arrays that cost the collector nothing, and
/// are decoded by whoever reads them. A reader takes no lock and never sees half a state; an enumeration is weakly consistent: it may mix instants.
/// </summary>
public sealed class MemoryReplicaStore : IReplicaStore
{
    // So many bodies are waited for at once: about as many as the processor fetches side by side.
    private const int RowsFetched = 16;

    private readonly MemoryRows _rows = new();
    private readonly MemoryIndex _index = new();

    // Held by a unit from its load to its commit, and by everything else that writes: a handler's completion must not fall between the two.
    // Everything below is touched under it only.
    private readonly SemaphoreSlim _gate = new(1);
    private readonly MemoryBooks _books = new();
    private readonly MemoryInbox _inbox;

    // The unit's: its keys, where they are, and the object for the row that it was asked for last.
    private readonly ReplicaRow _found = ReplicaRow.Blank();
    private BatchKeys _keysAsked = new();
    private BlockAddress[] _located = [];

    /// <summary>An empty replica.</summary>
    public MemoryReplicaStore() => _inbox = new(_gate, _books.Parked, MarkSeen);

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
        // Keys that come with their hashes are not hashed again.
        _keysAsked = keys as BatchKeys ?? new BatchKeys(keys);
        if (_located.Length < _keysAsked.Count)
            _located = new BlockAddress[_keysAsked.Count];
        _rows.Locate(_keysAsked, _located);
        return new Unit(this);
    }

    /// <inheritdoc/>
    public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct) => new(_rows.Find(key, withBody: true, withEntries: false));

    /// <summary>Reads a state's bytes in place, without a copy; false if the key was never seen. The read must be short: what it may see is not used again before it ends.</summary>
    public bool TryRead<TArgument>(string key, TArgument argument, RowReader<TArgument> read) => _rows.TryRead(key, argument, read);

    /// <summary>The bytes that rows take up, with what is free in their arrays.</summary>
    public long RowBytes => _rows.Bytes;

    /// <summary>The most that <see cref="RowBytes"/> ever was.</summary>
    public long PeakRowBytes => _rows.PeakBytes;

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplicaRow> EnumerateAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        var keys = _rows.Keys().ToArray();
        Array.Sort(keys, StringComparer.Ordinal);
        foreach (var key in keys)
        {
            ct.ThrowIfCancellationRequested();
            if (_rows.Find(key, withBody: true, withEntries: false) is { Deleted: false } row)
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
            if (_rows.Find(key, withBody: true, withEntries: true) is { Deleted: false } row && row.Entries.Contains(new(index, value)))
                yield return row;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Commit(ReplicaPlan plan)
    {
        foreach (var change in plan.Pending)
            _inbox.Upsert(change);
        // Rows are asked for, and written, in the order of the keys: the next is most often the one after the last. Those that followed are among them.
        var at = -1;
        for (var i = 0; i < plan.Rows.Count; i++)
        {
            if (i % RowsFetched == 0)
                _rows.Fetch(plan.Rows, i, Math.Min(i + RowsFetched, plan.Rows.Count));
            var row = plan.Rows[i];
            at = _keysAsked.Find(row.Key, at + 1);
            Put(row, at);
        }
        _rows.Tidy();
        plan.RowsAreCopied = true;
        _books.Commit(plan);
    }

    private void Put(ReplicaRow row, int number)
    {
        var (wasState, entries) = number < 0 ? _rows.Put(row) : _rows.Put(row, _keysAsked.HashOf(number), ref _located[number]);
        if (entries.Count + row.Entries.Count > 0)
            _index.Replace(row.Key, entries, row.Entries);
        _books.Replaced(wasState, !row.Deleted);
    }

    private void MarkSeen(string handler, string key)
    {
        if (_books.SeenBits(handler) is not 0 and var bits)
            _rows.AddSeen(key, bits);
    }

    private sealed class Unit(MemoryReplicaStore store) : IReplicaUnit
    {
        private bool _ended;
        private int _at = -1;

        public ReplicaRow? Find(string key)
        {
            _at = store._keysAsked.Find(key, _at + 1);
            if (_at < 0 || store._located[_at] is not { IsNone: false } address)
                return null;
            return store._rows.Read(key, address, store._found, withBody: store._books.Layout is { Handlers.Count: > 0 });
        }

        public ParkedEvent? FindParked(string key) => store._books.Parked.GetValueOrDefault(key);

        public WaitingPatches Waiting => store._books.Waiting.All;

        public IReadOnlyList<StateEvent> FindWaiting(string key) => store._books.Waiting.Find(key);

        public StoredBody? FindBody(string key) =>
            store._rows.Find(key, withBody: true, withEntries: false) is { Deleted: false } row ? StoredBody.Of(row) : null;

        public bool Follows => store._books.Parked.Count == 0;

        // Judged here and written by the commit, which cannot fail: a unit that is given up leaves nothing.
        public IReadOnlyList<string> Follow(IReadOnlyList<ReplicaRow> rows, out long added)
        {
            added = 0;
            List<string>? left = null;
            var at = -1;
            for (var i = 0; i < rows.Count; i++)
            {
                var row = rows[i];
                at = store._keysAsked.Find(row.Key, at + 1);
                if (at < 0 || !store._rows.Follow(store._located[at], row))
                    (left ??= []).Add(row.Key);
                else if (store._located[at].IsNone)
                    added++;
            }
            return left ?? [];
        }

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
