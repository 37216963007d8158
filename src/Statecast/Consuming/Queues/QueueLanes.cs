using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming.Queues;

/// <summary>
/// The lanes of a queue (protocol sections 2, 3 and 7): nothing is claimed before a complete run over all ranges; from its lowest cut on every number must have been
/// processed up to the one that a word names. A number that stays missing asks for another run.
/// </summary>
internal sealed class QueueLanes(IEnumerable<LanePosition> stored, ApplyRules rules) : ILaneProgress
{
    private const string Bootstrap = "a bootstrap";
    private const string Missing = "a number of the lane is missing at a heartbeat";
    private readonly Dictionary<LaneId, ReadOnlyMemory<byte>> _stored = stored.ToDictionary(p => p.Lane, p => p.Counted);
    private readonly Dictionary<LaneId, OpenLane> _lanes = [];

    // Lanes come back: what was asked for is not asked for again each time.
    private readonly Dictionary<LaneId, QueueLane> _closed = [];

    // What the batch that is being committed makes of its lane.
    private readonly Dictionary<LaneId, (LaneBatch Batch, QueueLane Counted)> _coming = [];

    public IEnumerable<(LaneId Lane, LanePass Pass)> Passes => _lanes.Select(l => (l.Key, PassOf(l.Value)));

    public long Open(LaneOpened opened, DateTimeOffset now)
    {
        // Of a queue that was just made nothing is known of what went before.
        QueueLane? known = null;
        if (!opened.IsNew && !_closed.TryGetValue(opened.Lane, out known) && _stored.TryGetValue(opened.Lane, out var bytes))
            known = QueueLaneBytes.Read(bytes);
        _closed.Remove(opened.Lane);
        _lanes[opened.Lane] = new(opened.ReplyTo, known ?? new());
        return 0;
    }

    public void Close(LaneId lane)
    {
        if (_lanes.Remove(lane, out var open))
            _closed[lane] = open.Counted;
        _coming.Remove(lane);
    }

    public LanePosition Position(LaneId lane, LaneBatch? coming, DateTimeOffset now)
    {
        var counted = _lanes[lane].Counted;
        if (coming is not null)
        {
            counted = counted.Clone();
            counted.Take(coming.Events, rules);
            _coming[lane] = (coming, counted);
        }
        return new(lane, 0, 0) { Counted = QueueLaneBytes.Write(counted) };
    }

    public void Applied(LaneBatch batch, DateTimeOffset now)
    {
        var open = _lanes[batch.Lane];
        var before = open.Counted.Run?.Done ?? 0;
        if (_coming.Remove(batch.Lane, out var coming) && ReferenceEquals(coming.Batch, batch))
            open.Counted = coming.Counted;
        else
            open.Counted.Take(batch.Events, rules);
        RangesEnded += Math.Max(0, (open.Counted.Run?.Done ?? 0) - before);
    }

    public long RangesEnded { get; private set; }

    public bool Covers(Heartbeat heartbeat, LaneEnd end)
    {
        var open = _lanes[end.Lane];
        return HasCounted(open) && rules.WordCounts(Reached(open.Counted, heartbeat.Epoch, end));
    }

    // What a run did not name whose ranges have all ended.
    public RowSweep? DueSweep(Heartbeat word)
    {
        foreach (var (lane, open) in _lanes)
            if (open.Counted.Run is { Complete: true } run)
                return new RangeSweep(lane, run.Epoch, [.. run.Ranges.Select(r => new SweptRange(r.Begin, r.Cut))]);
        return null;
    }

    public void Swept(LaneId lane)
    {
        if (_lanes.TryGetValue(lane, out var open))
            open.Counted.RunEnded();
    }

    public (int Done, int All) Ranges
    {
        get
        {
            var runs = _lanes.Values.Select(l => l.Counted.Run).OfType<RunProgress>().ToList();
            return (runs.Sum(r => r.Done), runs.Count * RunProgress.Parts);
        }
    }

    public IEnumerable<RunQuestion> Ask(TimeSpan now, Heartbeat? newest, Func<Guid> newRun)
    {
        foreach (var (lane, open) in _lanes)
        {
            if (open.ReplyTo is not { } replyTo)
                continue;
            var counted = open.Counted;
            if (counted.Run is null && (counted.Base is null || StaysMissing(lane, open, now, newest)))
            {
                counted.Start(newRun());
                open.Reason = counted.Base is null ? Bootstrap : Missing;
            }
            if (counted.Run is { Complete: false } run && run.TakeQuestion(now) is ({ Count: > 0 } ranges, var repeated))
                yield return new(lane, replyTo, run.Id, ranges, repeated, open.Reason);
        }
    }

    // A word may come before what it speaks of, for redelivery does not keep the order: a number is missing only once it did not come for a while.
    private static bool StaysMissing(LaneId lane, OpenLane open, TimeSpan now, Heartbeat? newest)
    {
        if (open.Watched is { } watched && Reached(open.Counted, watched.Word.Epoch, EndOf(watched.Word, lane)))
            open.Watched = null;
        if (newest is null || EndOf(newest, lane) is not { Lane.Destination: not null } end)
            return false;
        // Under another epoch everything is said again by the live lane itself.
        if (open.Watched is { } before && before.Word.Epoch != newest.Epoch)
            open.Watched = null;
        if (open.Watched is null && !Reached(open.Counted, newest.Epoch, end))
            open.Watched = (newest, now);
        if (open.Watched is not { } missing || now - missing.Since < ReplicaProgress.MissedHeartbeats * newest.Interval)
            return false;
        open.Watched = null;
        return true;
    }

    private static LaneEnd EndOf(Heartbeat word, LaneId lane)
    {
        foreach (var end in word.Ends)
            if (end.Lane == lane)
                return end;
        return default;
    }

    private static bool HasCounted(OpenLane open) => open.ReplyTo is null || open.Counted.Base is not null;

    private static bool Reached(QueueLane counted, long epoch, LaneEnd end)
    {
        var from = 1L;
        if (counted.Base is { } cut)
        {
            if (cut.Epoch > epoch)
                return false;
            from = cut.Epoch == epoch ? cut.Cut + 1 : 1;
        }
        // What was handed out before the epoch began is said again in it.
        if (end.Floor.Epoch == epoch)
            from = Math.Max(from, end.Floor.Number);
        if (end.Line is not { Count: > 0 } line)
            return counted.Live.Holds(from, end.Number);
        if (!counted.Live.Holds(from, Math.Min(line[0].First - 1, end.Number)))
            return false;
        for (var i = 0; i < line.Count; i++)
        {
            var last = i + 1 < line.Count ? Math.Min(line[i + 1].First - 1, end.Number) : end.Number;
            if (!counted.Live.Holds(line[i].LeaseId, Math.Max(from, line[i].First), last))
                return false;
        }
        return true;
    }

    // Ranges are the measure of a bootstrap, as positions are on a log.
    private static LanePass PassOf(OpenLane open)
    {
        var done = HasCounted(open);
        return new(done ? RunProgress.Parts : open.Counted.Run?.Done ?? 0, RunProgress.Parts, done ? RunProgress.Parts : null, null);
    }

    private sealed class OpenLane(string? replyTo, QueueLane counted)
    {
        public string? ReplyTo { get; } = replyTo;

        public QueueLane Counted { get; set; } = counted;

        public string Reason { get; set; } = Bootstrap;

        /// <summary>The word at which a number was missing, and since when.</summary>
        public (Heartbeat Word, TimeSpan Since)? Watched { get; set; }
    }
}
