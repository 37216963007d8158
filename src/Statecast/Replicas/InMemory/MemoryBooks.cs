using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Replicas.InMemory;

/// <summary>What a replica in memory keeps beside its rows: positions, sums, parked events, waiting patches. Touched under its store's gate only.</summary>
internal sealed class MemoryBooks
{
    private readonly Dictionary<LaneId, LanePosition> _positions = [];
    private Fingerprint? _layoutHash;
    private ReplicaCounters _counters;
    private bool _wasLive;
    private long _floorEpoch;
    private long _keys;

    public Dictionary<string, ParkedEvent> Parked { get; } = new(StringComparer.Ordinal);

    public MemoryWaiting Waiting { get; } = new();

    /// <summary>Null before the replica is opened.</summary>
    public ReplicaLayout? Layout { get; private set; }

    /// <summary>Opens the replica in a layout.</summary>
    public ReplicaContents Open(ReplicaLayout layout)
    {
        Layout = layout;
        return new(_layoutHash, _wasLive, [.. _positions.Values], _counters, _keys, Parked.Count, _floorEpoch)
        {
            WaitingKeys = Waiting.Keys,
        };
    }

    /// <summary>Counts a row in the place of another.</summary>
    public void Replaced(bool wasState, bool isState) => _keys += (isState ? 1 : 0) - (wasState ? 1 : 0);

    /// <summary>Takes over what a plan says of all but rows and pending changes.</summary>
    public void Commit(ReplicaPlan plan)
    {
        foreach (var key in plan.Unpark)
            Parked.Remove(key);
        foreach (var parked in plan.Park)
            Parked[parked.Key] = parked;
        Waiting.Write(plan.Waiting);
        if (plan.ResetPositions)
            _positions.Clear();
        foreach (var position in plan.Positions)
            _positions[position.Lane] = position;
        _counters += plan.Counters;
        _wasLive |= plan.BecameLive;
        _layoutHash = plan.LayoutHash ?? _layoutHash;
        _floorEpoch = Math.Max(_floorEpoch, plan.FloorEpoch ?? 0);
    }

    /// <summary>A handler's bits in a row's <see cref="ReplicaRow.Seen"/>; none if the layout does not have it.</summary>
    public long SeenBits(string handler)
    {
        var bits = 0L;
        for (var i = 0; i < Layout?.Handlers.Count; i++)
            if (Layout.Handlers[i] == handler)
                bits |= 1L << i;
        return bits;
    }
}
