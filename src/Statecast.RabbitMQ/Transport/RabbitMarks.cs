using Statecast.Events;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>What is known of a destination's senders, by lane: what their markers said, and what this one sends.</summary>
internal sealed class RabbitMarks
{
    // A sender that shows up after this many newer ones slept through as many restarts of its source.
    private const int LeasesKept = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<LaneId, List<SentMark>> _lanes = [];

    /// <summary>Notes a number.</summary>
    /// <returns>Whether it is news.</returns>
    public bool Note(SentMark mark)
    {
        lock (_gate)
        {
            if (!_lanes.TryGetValue(mark.Lane, out var marks))
                _lanes.Add(mark.Lane, marks = []);
            var known = marks.FindIndex(m => m.LeaseId == mark.LeaseId && m.Epoch == mark.Epoch);
            if (known >= 0)
            {
                if (mark.Number <= marks[known].Number)
                    return false;
                marks[known] = mark;
                return true;
            }
            marks.Add(mark);
            if (marks.Count > LeasesKept)
                // The highest epoch is what a source must never forget, however many sleepers come after it.
                marks.Remove(marks.MinBy(m => m.Epoch));
            return true;
        }
    }

    /// <summary>The marks of some lanes.</summary>
    public IReadOnlyList<SentMark> Of(IEnumerable<LaneId> lanes)
    {
        lock (_gate)
            return [.. lanes.SelectMany(l => _lanes.GetValueOrDefault(l, []))];
    }

    /// <summary>All marks.</summary>
    public IReadOnlyList<SentMark> All
    {
        get
        {
            lock (_gate)
                return [.. _lanes.Values.SelectMany(m => m)];
        }
    }
}
