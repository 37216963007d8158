using Statecast.Events;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>A destination as its source knows it: what the broker remembers of it, and whether anybody is bound.</summary>
/// <param name="declared">What is sent there.</param>
/// <param name="names">What its exchanges and queues are called.</param>
/// <param name="memory">What the broker remembers.</param>
internal sealed class RabbitDestination(SenderDestination declared, RabbitNames names, RabbitMemory memory)
{
    private readonly Lock _gate = new();

    // Of each lane, whether the newest message found a queue; null before the first.
    private readonly bool?[] _routed = new bool?[declared.Lanes];
    private bool _unrouted;

    public RabbitNames Names { get; } = names;

    public RabbitMemory Memory { get; } = memory;

    public int Lanes { get; } = declared.Lanes;

    /// <summary>Since when the exchange is known to be missing; null if it is not.</summary>
    public long? MissingSince { get; set; }

    public IEnumerable<LaneId> LaneIds => Enumerable.Range(0, Lanes).Select(n => new LaneId(Names.Destination, n));

    /// <summary>Notes whether messages of a lane found a queue.</summary>
    public void Note(int lane, bool routed)
    {
        lock (_gate)
            _routed[lane] = routed;
    }

    /// <summary>The lanes that lead to a queue, as far as it is known.</summary>
    public IReadOnlyList<int> RoutedLanes
    {
        get
        {
            lock (_gate)
                return [.. Enumerable.Range(0, Lanes).Where(n => _routed[n] == true)];
        }
    }

    /// <summary>The lanes whose newest message found no queue.</summary>
    public IReadOnlyList<int> UnroutedLanes
    {
        get
        {
            lock (_gate)
                return [.. Enumerable.Range(0, Lanes).Where(n => _routed[n] == false)];
        }
    }

    /// <summary>Nobody, or somebody, is bound to any lane.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Turn(bool unrouted)
    {
        lock (_gate)
        {
            if (_unrouted == unrouted)
                return false;
            _unrouted = unrouted;
            return true;
        }
    }
}
