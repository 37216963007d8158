using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>
/// What was seen of a source's senders, by lane. A log that only brokers write keeps no such list: it is what the newest records and the control topic show
/// when a sender opens, and what this sender confirms or reads back from then on.
/// </summary>
internal sealed class KafkaMarks
{
    // A sender that shows up after this many newer ones slept through as many restarts of its source.
    private const int LeasesKept = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<LaneId, List<SentMark>> _lanes = [];

    public void Note(LaneId lane, long epoch, Guid lease, long number)
    {
        lock (_gate)
        {
            if (!_lanes.TryGetValue(lane, out var marks))
                _lanes.Add(lane, marks = []);
            var known = marks.FindIndex(m => m.LeaseId == lease && m.Epoch == epoch);
            if (known >= 0)
            {
                if (number > marks[known].Number)
                    marks[known] = marks[known] with { Number = number };
                return;
            }
            marks.Add(new(lane, epoch, lease, number));
            if (marks.Count > LeasesKept)
                // The highest epoch is what a source must never forget, however many sleepers come after it.
                marks.Remove(marks.MinBy(m => m.Epoch));
        }
    }

    public IReadOnlyList<SentMark> Of(IEnumerable<LaneId> lanes)
    {
        lock (_gate)
            return [.. lanes.SelectMany(l => _lanes.GetValueOrDefault(l, []))];
    }
}
