using Statecast.Events;
using Statecast.Outbox;
using Statecast.Serialization;

namespace Statecast.Transport;

/// <summary>
/// States between their capture and the send of their event, so that nobody in this process need decode what it has at hand. Found by content: a state whose
/// transaction was rolled back is never asked for, or is the very one that is. Bounded: the oldest go first, and their events are decoded from their bodies.
/// </summary>
/// <param name="maxBytes">The most bytes, counted as encoded.</param>
internal sealed class StateObjects(long maxBytes)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<StateId, LinkedListNode<Held>> _held = [];
    private readonly LinkedList<Held> _oldestFirst = [];
    private long _bytes;

    /// <summary>Bytes held now, counted as encoded.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _bytes;
        }
    }

    /// <summary>Keeps the state of a captured row.</summary>
    public void Put(OutboxRow row, object state)
    {
        var id = new StateId(row.Lane, row.Key, row.Schema, row.Content);
        lock (_gate)
        {
            Remove(id);
            if (row.Body.Length > maxBytes)
                return;
            _held.Add(id, _oldestFirst.AddLast(new Held(id, state, row.Body.Length)));
            _bytes += row.Body.Length;
            while (_bytes > maxBytes)
                Remove(_oldestFirst.First!.Value.Id);
        }
    }

    /// <summary>Takes the state of an event out; null if it is not here.</summary>
    public object? Take(StateEvent stateEvent)
    {
        lock (_gate)
            return Remove(new(stateEvent.Lane, stateEvent.Key, stateEvent.Schema, stateEvent.Content));
    }

    private object? Remove(StateId id)
    {
        if (!_held.Remove(id, out var node))
            return null;
        _oldestFirst.Remove(node);
        _bytes -= node.Value.Bytes;
        return node.Value.State;
    }

    private readonly record struct StateId(LaneId Lane, string Key, Fingerprint Schema, Fingerprint? Content);

    private sealed record Held(StateId Id, object State, int Bytes);
}
