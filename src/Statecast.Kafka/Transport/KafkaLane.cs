using Confluent.Kafka;
using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>How far a receiver has read one lane, and what it gathers of it for the next delivery.</summary>
/// <param name="id">The lane.</param>
/// <param name="end">Its end.</param>
/// <param name="measured">Whether the end was asked for when the lane opened, and not long before.</param>
internal sealed class KafkaLane(LaneId id, long end, bool measured)
{
    private List<ReceivedEvent>? _events;
    private long? _tail;
    private bool _fetched;
    private bool _tailTold;
    private bool _begunAnew;
    private bool _gaps;

    public LaneId Id { get; } = id;

    public TopicPartition Partition { get; } = KafkaDestination.PartitionOf(id);

    /// <summary>Whether the target said from where to read.</summary>
    public bool Sought { get; private set; }

    /// <summary>Whether it stands at a record that cannot be read yet; what comes behind it is not taken.</summary>
    public bool IsHeld { get; set; }

    /// <summary>The next position to read.</summary>
    public long Next { get; private set; }

    /// <summary>Nothing is taken until it is sought again.</summary>
    public void Leave() => Sought = false;

    /// <summary>Reads from its beginning, since its position is gone; said with what comes next.</summary>
    public void BeginAnew()
    {
        Seek(0);
        _begunAnew = true;
    }

    /// <summary>Reads from a position on.</summary>
    public void Seek(long position)
    {
        Sought = true;
        Next = position;
        _events = null;
        _fetched = _tailTold = _gaps = false;
        // When the lane opened nothing lay beyond it.
        _tail = measured && position == end ? position : null;
    }

    /// <summary>Takes an event, unless it is none of those that are expected: a position that was set twice may show what was asked for first.</summary>
    public bool Expects(long offset) => Sought && !IsHeld && offset >= Next;

    public void Take(ReceivedEvent received)
    {
        (_events ??= []).Add(received);
        _gaps |= received.Position > Next;
        Next = received.Position + 1;
        _fetched = true;
    }

    /// <summary>A fetch found nothing at a position.</summary>
    public void FoundTail(long at)
    {
        if (!Sought || at < Next)
            return;
        // Beyond the last record may stand what is none: a transaction's mark. The tail is another then, though it was told.
        _gaps |= at > Next;
        _tailTold &= at == Next;
        Next = at;
        _tail = Next;
    }

    /// <summary>What is to be delivered; null if there is no news.</summary>
    /// <param name="highWatermark">The lane's end as the newest fetch saw it.</param>
    public LaneBatch? Batch(Func<TopicPartition, long> highWatermark)
    {
        if (!Sought || (_events is null && _tail is null))
            return null;
        // A fetch since the seek brought the events; at its end as that fetch saw it nothing lay beyond.
        var atTail = _tail == Next || (_fetched && highWatermark(Partition) == Next);
        if (_events is null && (!atTail || _tailTold))
            return null;
        var batch = new LaneBatch(Id, _events ?? [], Next, atTail) { FromBeginning = _begunAnew, HasGaps = _gaps };
        (_events, _tail, _tailTold, _begunAnew, _gaps) = (null, null, atTail, false, false);
        return batch;
    }
}
