using System.Collections.Concurrent;
using Confluent.Kafka;
using Statecast.Events;

namespace Statecast.Kafka.Transport;

/// <summary>
/// From where lanes are to be read, until the client has taken it. A seek belongs to the opening that it answers: one that comes late, after the lane was taken away
/// and given again or its topic was made anew, would move what was opened since to a position that was never meant for it. Of one opening the newest seek counts.
/// </summary>
internal sealed class KafkaSeeks
{
    // By lane: its opening as the target was told of it last.
    private readonly ConcurrentDictionary<LaneId, KafkaLane> _told = new();
    private readonly ConcurrentDictionary<KafkaLane, long> _asked = new();

    /// <summary>The target is told of an opening: what it asks for from now on is meant for this one.</summary>
    public void Told(KafkaLane lane) => _told[lane.Id] = lane;

    /// <summary>The target says from where to read.</summary>
    public void Ask(LaneId lane, long position)
    {
        if (_told.TryGetValue(lane, out var opening))
            _asked[opening] = position;
    }

    /// <summary>A lane goes on from where it stood, unless the target wants it elsewhere.</summary>
    public void GoOn(KafkaLane lane) => _asked.TryAdd(lane, lane.Next);

    /// <summary>Has the client read what is asked for.</summary>
    /// <param name="isRead">Whether an opening is still the lane's.</param>
    /// <param name="read">Sets the position.</param>
    /// <returns>Whether the client was not ready for some, which are asked for again.</returns>
    public bool Run(Func<KafkaLane, bool> isRead, Action<KafkaLane, long> read)
    {
        var left = false;
        foreach (var seek in _asked)
            try
            {
                if (isRead(seek.Key))
                    read(seek.Key, seek.Value);
                _asked.TryRemove(seek);
            }
            catch (KafkaException e) when (e.Error.Code is ErrorCode.Local_State or ErrorCode.Local_UnknownPartition)
            {
                // The client has not begun with it yet.
                left = true;
            }
        return left;
    }
}
