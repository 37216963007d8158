using System.Globalization;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>
/// One delivery's events by key. Made without the store, so that it can be made, and its bodies read, while another batch commits; what is planned over it
/// depends on the rows and is planned anew after a failure. Used again for later deliveries, and without an object for each key: a target under load would else
/// make several objects an event, or walk through megabytes of old ones.
/// </summary>
internal sealed class ApplyBatch
{
    private const int None = -1;
    private readonly BatchKeys _keys = new();
    private readonly List<ReplicaRow> _rows = [];

    // By the event's number: the event, and the number of the next one of its key.
    private ReceivedEvent[] _events = [];
    private int[] _next = [];

    // By the key's number.
    private Group[] _groups = [];
    private StateInspection?[] _inspected = [];
    private List<ReplicaRow> _planned = [];
    private int _rowsUsed;

    public ApplyBatch() => NextRow = TakeRow;

    public ApplyBatch(Delivery delivery)
        : this() => Fill(delivery);

    /// <summary>The delivery.</summary>
    public Delivery Delivery { get; private set; } = new();

    /// <summary>Its keys, in the order in which they first came.</summary>
    public BatchKeys Keys => _keys;

    /// <summary>How many events there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them are no events of a key, but marks of a run.</summary>
    public int Marks { get; private set; }

    /// <summary>The bytes of their bodies.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether patches are among them.</summary>
    public bool HasPatches { get; private set; }

    /// <summary>Gives an object for a row.</summary>
    public Func<ReplicaRow> NextRow { get; }

    /// <summary>What is planned for one key after the other.</summary>
    public KeyPlan Scratch { get; } = new();

    /// <summary>Whether the store that took its rows keeps none of their objects.</summary>
    public bool RowsAreFree { get; set; }

    /// <summary>Takes another delivery.</summary>
    public void Fill(Delivery delivery)
    {
        Delivery = delivery;
        var count = 0;
        foreach (var batch in delivery.Batches)
            count += batch.Events.Count;
        if (count > _events.Length)
        {
            _events = new ReceivedEvent[count];
            _next = new int[count];
            _groups = new Group[count];
        }
        foreach (var batch in delivery.Batches)
        {
            // At once: thousands of calls through an interface take longer than all else here.
            if (batch.Events is ICollection<ReceivedEvent> events)
                events.CopyTo(_events, Count);
            else
                for (var i = 0; i < batch.Events.Count; i++)
                    _events[Count + i] = batch.Events[i];
            for (var end = Count + batch.Events.Count; Count < end; Count++)
                Add(batch.Lane, Count);
        }
    }

    /// <summary>The newest of a key's full events: the one that most likely wins. The first to come of equals; null if none has an envelope.</summary>
    public StateEvent? Likely(int key) => _groups[key].Likely is var number and not None ? _events[number].Event : null;

    /// <summary>What reading <see cref="Likely"/> showed; null if it was not read.</summary>
    public StateInspection? Inspected(int key) => key < _inspected.Length ? _inspected[key] : null;

    /// <summary>Notes what reading <see cref="Likely"/> showed.</summary>
    public void Inspected(int key, StateInspection shown)
    {
        if (_inspected.Length < _keys.Count)
            Array.Resize(ref _inspected, Math.Max(_keys.Count, _groups.Length));
        _inspected[key] = shown;
    }

    /// <summary>Whether the store wrote the key's newest state without a look at the row.</summary>
    public bool Followed(int key) => _groups[key].Followed;

    /// <summary>Notes whether it did, or is asked to.</summary>
    public void Followed(int key, bool followed) => _groups[key].Followed = followed;

    /// <summary>
    /// By how many events a key was named, if all of them are full states with an envelope and none but <see cref="Likely"/> can win: each of the others is of a
    /// lower revision, or says the same again. 0 if that must be looked at one by one.
    /// </summary>
    public int Plain(int key) => _groups[key].IsMixed ? 0 : _groups[key].Count;

    /// <summary>The number of the first event of a key.</summary>
    public int First(int key) => _groups[key].First;

    /// <summary>The next event of the same key; moves on, to -1 after the last.</summary>
    public ReceivedEvent Take(ref int number)
    {
        var received = _events[number];
        number = _next[number];
        return received;
    }

    /// <summary>An empty plan; an earlier one is void.</summary>
    public ReplicaPlan BeginPlan()
    {
        _rowsUsed = 0;
        _planned.Clear();
        return new(_planned);
    }

    /// <summary>The batch is done with: what it held is not kept alive by what waits for the next.</summary>
    public void Clear()
    {
        if (!RowsAreFree)
        {
            _rows.Clear();
            _planned = [];
        }
        for (var i = 0; i < _rowsUsed && RowsAreFree; i++)
            _rows[i].Forget();
        RowsAreFree = false;
        _rowsUsed = 0;
        Scratch.Begin("");
        Array.Clear(_events, 0, Count);
        Array.Clear(_inspected, 0, Math.Min(_inspected.Length, _keys.Count));
        _keys.Clear();
        Count = 0;
        Marks = 0;
        Bytes = 0;
        HasPatches = false;
        Delivery = new();
    }

    private void Add(LaneId lane, int number)
    {
        var received = _events[number];
        _next[number] = None;
        if (received.Event is { IsMark: true })
        {
            Marks++;
            return;
        }
        var before = _keys.Count;
        var key = _keys.Add(KeyOf(lane, received));
        ref var group = ref _groups[key];
        if (key == before)
            group = new() { First = number, Likely = None };
        else
            _next[group.Last] = number;
        group.Last = number;
        group.Count++;
        if (received.Event is not { } stateEvent)
        {
            group.IsMixed = true;
            Bytes += received.Raw.Length;
            return;
        }
        Bytes += stateEvent.Body.Length;
        if (stateEvent.Operation == StateOperation.Patch)
        {
            // What it makes depends on the row: nothing of it can be read ahead.
            HasPatches = true;
            group.IsMixed = true;
            return;
        }
        var revision = stateEvent.Revision;
        if (group.Likely == None || revision > group.Revision)
            (group.Likely, group.Revision) = (number, revision);
        else if (revision == group.Revision && Guard.SaysMore(_events[group.Likely].Event!.Newest, stateEvent))
            group.IsMixed = true;
    }

    private ReplicaRow TakeRow()
    {
        if (_rowsUsed == _rows.Count)
            _rows.Add(ReplicaRow.Blank());
        return _rows[_rowsUsed++];
    }

    private static string KeyOf(LaneId lane, ReceivedEvent received) =>
        received.Event?.Key ?? received.Key ?? string.Create(CultureInfo.InvariantCulture, $"?{lane.Number}@{received.Position}");

    /// <summary>The events of one key, by number.</summary>
    private struct Group
    {
        public int First;
        public int Last;
        public int Likely;

        // Likely's, at hand: the event itself lies elsewhere in memory.
        public StateRevision Revision;
        public int Count;
        public bool IsMixed;
        public bool Followed;
    }
}
