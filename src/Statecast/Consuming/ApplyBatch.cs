using System.Globalization;
using System.Runtime.InteropServices;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>
/// One delivery's events by key. Made without the store, so that it can be made, and its bodies read, while another batch commits; what is planned over it
/// depends on the rows and is planned anew after a failure. Used again for later deliveries: a target under load would else make several objects an event.
/// </summary>
internal sealed class ApplyBatch
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<KeyPlan> _pool = [];
    private readonly List<KeyPlan> _keyPlans = [];
    private readonly List<string> _keys = [];
    private readonly List<int> _keyOf = [];
    private readonly List<ReplicaRow> _rows = [];
    private List<ReplicaRow> _planned = [];
    private int _rowsUsed;

    public ApplyBatch() => NextRow = TakeRow;

    public ApplyBatch(Delivery delivery)
        : this() => Fill(delivery);

    /// <summary>The delivery.</summary>
    public Delivery Delivery { get; private set; } = new();

    /// <summary>Its keys, in the order in which they first came.</summary>
    public IReadOnlyCollection<string> Keys => _keys;

    /// <summary>What is made of each key, in the same order.</summary>
    public List<KeyPlan> KeyPlans => _keyPlans;

    /// <summary>How many events there are.</summary>
    public int Count => _keyOf.Count;

    /// <summary>The bytes of their bodies.</summary>
    public long Bytes { get; private set; }

    /// <summary>Gives an object for a row.</summary>
    public Func<ReplicaRow> NextRow { get; }

    /// <summary>Whether the store that took its rows keeps none of their objects.</summary>
    public bool RowsAreFree { get; set; }

    /// <summary>Takes another delivery.</summary>
    public void Fill(Delivery delivery)
    {
        Delivery = delivery;
        foreach (var batch in delivery.Batches)
        {
            // By number: an interface's enumerator is slower, and there are thousands.
            for (var i = 0; i < batch.Events.Count; i++)
                Add(batch.Lane, batch.Events[i]);
        }
    }

    /// <summary>What is made of the key of the event that came as this one, over all lanes.</summary>
    public KeyPlan PlanOf(int number) => _keyPlans[_keyOf[number]];

    /// <summary>An empty plan; an earlier one is void.</summary>
    public ReplicaPlan BeginPlan()
    {
        _rowsUsed = 0;
        _planned.Clear();
        return new(_planned);
    }

    /// <summary>The batch is done with.</summary>
    public void Clear()
    {
        if (!RowsAreFree)
        {
            _rows.Clear();
            _planned = [];
        }
        RowsAreFree = false;
        _rowsUsed = 0;
        // What the last delivery held is not kept alive by what waits for the next.
        foreach (var plan in _keyPlans)
            plan.Clear();
        _pool.AddRange(_keyPlans);
        _keyPlans.Clear();
        _numbers.Clear();
        _keys.Clear();
        _keyOf.Clear();
        Bytes = 0;
        Delivery = new();
    }

    private void Add(LaneId lane, ReceivedEvent received)
    {
        var key = KeyOf(lane, received);
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, key, out var known);
        if (!known)
        {
            number = _keys.Count;
            _keys.Add(key);
            _keyPlans.Add(TakePlan(key));
        }
        _keyOf.Add(number);
        Bytes += received.Event?.Body.Length ?? received.Raw.Length;
        if (received.Event is { } stateEvent)
            _keyPlans[number].Came(stateEvent);
    }

    private KeyPlan TakePlan(string key)
    {
        if (_pool.Count == 0)
            return new(key);
        var plan = _pool[^1];
        _pool.RemoveAt(_pool.Count - 1);
        plan.Key = key;
        return plan;
    }

    private ReplicaRow TakeRow()
    {
        if (_rowsUsed == _rows.Count)
            _rows.Add(ReplicaRow.Blank());
        return _rows[_rowsUsed++];
    }

    private static string KeyOf(LaneId lane, ReceivedEvent received) =>
        received.Event?.Key ?? received.Key ?? string.Create(CultureInfo.InvariantCulture, $"?{lane.Number}@{received.Position}");
}
