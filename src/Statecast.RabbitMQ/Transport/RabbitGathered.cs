using Statecast.Events;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>What one receive gathers for a delivery.</summary>
/// <param name="destination">The destination.</param>
internal sealed class RabbitGathered(string destination)
{
    private readonly List<LaneId> _closed = [];
    private readonly List<LaneOpened> _opened = [];
    private readonly SortedDictionary<int, List<ReceivedEvent>> _events = [];
    private Heartbeat? _word;
    private int _count;
    private long _bytes;

    /// <summary>The newest message in it, by which all are acknowledged; null for none.</summary>
    public ulong? LastTag { get; private set; }

    public bool HasNews => _closed.Count + _opened.Count > 0;

    /// <summary>Whether nothing more goes in. A word ends it: what follows in its queue comes after it.</summary>
    public bool IsFull(int maxEvents, long maxBytes) => _count >= maxEvents || _bytes >= maxBytes || _word is not null;

    public void Add(RabbitLaneNews news)
    {
        _closed.AddRange(news.Closed);
        _opened.AddRange(news.Opened);
    }

    public void Add(RabbitDelivery message, ReceivedEvent received)
    {
        Passed(message);
        if (!_events.TryGetValue(message.Lane, out var events))
            _events.Add(message.Lane, events = []);
        events.Add(received);
        _count++;
        _bytes += received.Event?.Body.Length ?? received.Raw.Length;
    }

    public void Add(Heartbeat word) => _word = word;

    /// <summary>A message that is no event is taken.</summary>
    public void Passed(RabbitDelivery message) => LastTag = message.Tag;

    /// <summary>The delivery; null if there is nothing to report.</summary>
    public Delivery? ToDelivery() =>
        HasNews || _count > 0 || _word is not null
            ? new()
            {
                Closed = _closed,
                Opened = _opened,
                Batches = [.. _events.SelectMany(lane => BatchesOf(lane.Key, lane.Value))],
                Heartbeats = _word is null ? [] : [_word],
                Handle = LastTag,
            }
            : null;

    private IEnumerable<LaneBatch> BatchesOf(int lane, List<ReceivedEvent> events) =>
        [new(new(destination, lane), events, 0, AtTail: false)];
}
