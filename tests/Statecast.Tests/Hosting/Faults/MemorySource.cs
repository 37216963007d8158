using System.Globalization;
using Statecast.Conformance.Outbox;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Tests.Publishing;

namespace Statecast.Tests.Hosting.Faults;

/// <summary>A source whose rows, heads, outbox and republish queue are in memory, behind the capture and the republisher of the product. It outlives its hosts.</summary>
internal sealed class MemorySource : IStateSource, IRepublishDatabase
{
    private readonly MemoryCaptureStore _store = new() { Epoch = 1 };
    private readonly MemoryOutbox _outbox;
    private readonly StateCapture _capture;
    private readonly Republisher _republisher;
    private readonly Publication<NoteState> _notes = new(ScriptedTransport.ContractOf<NoteState>(), new());
    private readonly SortedDictionary<string, NoteState> _rows = new(StringComparer.Ordinal);

    public MemorySource(TimeProvider time, IEnumerable<NoteState>? before = null)
    {
        _outbox = new(time);
        _capture = new(time, SystemEntropy.Instance);
        _republisher = new(_capture, _store);
        foreach (var row in before ?? [])
            _rows.Add(KeyOf(row.Id), row);
    }

    public string Name => "notes";

    public IReadOnlyList<Publication> Publications => [_notes];

    /// <summary>Outbox rows ever captured.</summary>
    public long Captured { get; private set; }

    /// <summary>Whether the first republish has ended.</summary>
    public bool IsPublished => InTransaction(() => _store.Published.Any(p => p.FirstRepublishEnded));

    /// <summary>Keys ever published: rows and tombstones.</summary>
    public IReadOnlyDictionary<string, Head> Heads =>
        InTransaction(() => _store.Heads.Where(h => h.Value.Revision > 0).ToDictionary(h => h.Key.Key, h => h.Value));

    public IReadOnlyDictionary<int, NoteState> Rows => InTransaction(() => _rows.Values.ToDictionary(r => r.Id));

    /// <summary>Saves some rows in one transaction; null deletes.</summary>
    public void Save(IEnumerable<KeyValuePair<int, NoteState?>> rows) =>
        InTransaction(() =>
        {
            var states = rows.ToDictionary(r => KeyOf(r.Key), r => (object?)r.Value);
            foreach (var (key, state) in states)
                if (state is NoteState note)
                    _rows[key] = note;
                else
                    _rows.Remove(key);
            Done(_capture.SaveAsync(_store, MemoryCaptureStore.Scope, [new GivenStates(_notes, states)]));
            return Flush();
        });

    public ValueTask<IReadOnlyList<RepublishRequest>> PrepareAsync(CancellationToken ct) =>
        new(InTransaction(() => Done(PublishedContracts.ReconcileAsync(_store, MemoryCaptureStore.Scope, Name, Publications))));

    public IOutboxStore OpenOutbox() => _outbox.Open();

    public ValueTask RequestRepublishAsync(IReadOnlyList<RepublishRequest> requests, CancellationToken ct) =>
        InTransaction(() => _store.QueueAsync(MemoryCaptureStore.Scope, requests));

    public ValueTask<RepublishChunk> RepublishChunkAsync(int maxKeys, CancellationToken ct) => _republisher.NextAsync(this, maxKeys, ct);

    Task<RepublishChunk> IRepublishDatabase.WriteAsync(Func<IRepublishSession, ValueTask<RepublishChunk>> work, CancellationToken ct) =>
        Task.FromResult(
            InTransaction(() =>
            {
                var chunk = Done(work(new Session(_notes, _rows)));
                Assert(chunk.PassedOver.Count == 0);
                Flush();
                return chunk;
            })
        );

    async Task<AnswersAhead?> IRepublishDatabase.ReadAsync(Func<IRepublishSession, ValueTask<AnswersAhead?>> work, CancellationToken ct)
    {
        var ahead = InTransaction(() => Done(work(new Session(_notes, _rows))));
        // Saves come between what was read and what is written of it.
        if (ahead is not null)
            await Task.Delay(1, ct);
        return ahead;
    }

    private static string KeyOf(int id) => id.ToString(CultureInfo.InvariantCulture);

    // What the relay wishes and what is published stand in the outbox and in capture's store: one database, so both say the same at the start and end of all work.
    private T InTransaction<T>(Func<T> work) =>
        _outbox.Atomically(() =>
        {
            foreach (var wish in _outbox.TakeQueued())
            {
                Done(_store.QueueAsync(MemoryCaptureStore.Scope, [wish]));
                if (wish is { Key: null, Destination: { } anew })
                    for (var i = 0; i < _store.Published.Count; i++)
                        if (_store.Published[i].Destination == anew)
                            _store.Published[i] = _store.Published[i] with { FirstRepublishEnded = false };
            }
            _store.UnsentOf = _outbox.UnsentOf;
            foreach (var (lane, next) in _outbox.NextNumbers)
                _store.NextNumbers[lane] = next;
            var result = work();
            foreach (var published in _store.Published)
                _ = _outbox.PublishAsync(published.Carrier, published.Destination, published.FirstRepublishEnded);
            return result;
        });

    private int Flush()
    {
        if (_store.Outbox.Count > 0)
            _ = _outbox.AddAsync([.. _store.Outbox]);
        var rows = _store.Outbox.Count;
        Captured += rows;
        _store.Outbox.Clear();
        return rows;
    }

    private static T Done<T>(ValueTask<T> work)
    {
        Assert(work.IsCompleted);
        return work.GetAwaiter().GetResult();
    }

    private static void Done(ValueTask work)
    {
        Assert(work.IsCompleted);
        work.GetAwaiter().GetResult();
    }

    private static void Assert(bool condition)
    {
        if (!condition)
            throw new InvalidOperationException("The memory source did what a transaction in memory cannot do.");
    }

    private sealed class Session(Publication publication, SortedDictionary<string, NoteState> rows) : IRepublishSession
    {
        public CaptureScope Scope => MemoryCaptureStore.Scope;

        public IReadOnlyList<Publication> Publications => [publication];

        public ICaptureSet Select(Publication publication, IReadOnlyList<string> keys) =>
            new GivenStates(publication, keys.ToDictionary(k => k, k => (object?)rows.GetValueOrDefault(k)));

        public ValueTask<RowPage> ReadRowsAsync(Publication publication, string? after, int limit)
        {
            var page = rows.Keys.Where(k => string.CompareOrdinal(k, after ?? "") > 0).Take(limit).ToList();
            return new(new RowPage(page, page.Count < limit ? null : page[^1]));
        }
    }
}
