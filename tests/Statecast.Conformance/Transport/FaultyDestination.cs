using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Conformance.Transport;

/// <summary>A destination of a faulty carrier.</summary>
internal sealed class FaultyDestination
{
    public FaultyDestination(string name, int lanes, long incarnation)
    {
        (Name, Incarnation) = (name, incarnation);
        Lanes = [.. Enumerable.Range(0, lanes).Select(n => new FaultyLane(new(name, n)))];
    }

    public string Name { get; }

    public long Incarnation { get; }

    public FaultyLane[] Lanes { get; }

    /// <summary>Everything the source said, in order; a floor that was stated stands.</summary>
    public List<Heartbeat> Heartbeats { get; } = [];

    private readonly Dictionary<(LaneId Lane, long Epoch, Guid Lease), long> _marks = [];

    /// <summary>Who sent what.</summary>
    public IEnumerable<SentMark> Marks => _marks.Select(m => new SentMark(m.Key.Lane, m.Key.Epoch, m.Key.Lease, m.Value));

    public void Mark(LaneId lane, long epoch, Guid lease, long number) =>
        _marks[(lane, epoch, lease)] = Math.Max(number, _marks.GetValueOrDefault((lane, epoch, lease)));

    /// <summary>The epoch below which a lane takes nothing.</summary>
    public long FloorOf(LaneId lane) =>
        Heartbeats.Count == 0 ? 0 : Heartbeats.Max(h => h.Ends.FirstOrDefault(e => e.Lane == lane).Floor.Epoch);

    /// <summary>The source's word; a sleeper's of a lower epoch is dropped.</summary>
    public void Say(Heartbeat heartbeat)
    {
        if (Heartbeats.Count > 0 && heartbeat.Epoch < Heartbeats[^1].Epoch)
            return;
        Heartbeats.Add(
            heartbeat with
            {
                Ends = [.. heartbeat.Ends.Select(e => FloorOf(e.Lane) > e.Floor.Epoch ? e with { Floor = new(FloorOf(e.Lane), 0) } : e)],
            }
        );
    }
}

/// <summary>A lane of a log.</summary>
internal sealed class FaultyLane(LaneId id)
{
    public LaneId Id { get; } = id;

    public List<(long Position, StateEvent Event)> Records { get; } = [];

    /// <summary>One beyond the last record; 0 while the lane is empty.</summary>
    public long End { get; private set; }

    public void Append(StateEvent e)
    {
        var position = Math.Max(1, End);
        Records.Add((position, e));
        End = position + 1;
    }

    public KeyNewest? Newest(string key)
    {
        var (position, e) = Records.LastOrDefault(r => r.Event.Key == key);
        return position == 0 ? null : new(e.Revision, e.IsDelete, e.Content);
    }

    /// <summary>Keeps the last record of every key, which need not be its newest revision.</summary>
    public void Compact()
    {
        var last = Records.GroupBy(r => r.Event.Key).Select(g => g.Max(r => r.Position)).ToHashSet();
        Records.RemoveAll(r => !last.Contains(r.Position));
    }
}

/// <summary>A target's queue: what waits, and what was handed over without an answer.</summary>
internal sealed class FaultyQueue(string name)
{
    private readonly HashSet<int> _told = [];

    /// <summary>Where answers for its target go.</summary>
    public string Name { get; } = name;

    /// <summary>Whether a lane's target hears for the first time that the queue is there.</summary>
    public bool IsNew(int lane) => _told.Add(lane);

    public List<FaultyMessage> Messages { get; } = [];

    public List<FaultyMessage> Unacknowledged { get; } = [];
}

/// <summary>One message: an event, or a heartbeat in-band.</summary>
internal sealed record FaultyMessage(StateEvent? Event, Heartbeat? Heartbeat);
