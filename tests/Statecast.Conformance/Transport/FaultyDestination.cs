using Statecast.Events;

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

    /// <summary>Everything the source said, in order.</summary>
    public List<Heartbeat> Heartbeats { get; } = [];
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
internal sealed class FaultyQueue
{
    public List<FaultyMessage> Messages { get; } = [];

    public List<FaultyMessage> Unacknowledged { get; } = [];
}

/// <summary>One message: an event, or a heartbeat in-band.</summary>
internal sealed record FaultyMessage(StateEvent? Event, Heartbeat? Heartbeat);
