using System.Buffers.Binary;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>
/// The lanes of a retained log (protocol section 4): positions do the work, and only a read that found the tail completes a pass. A lane that is another than before,
/// or of which Deletes may be gone that were never read, is read anew, and what that does not meet is removed.
/// </summary>
internal sealed class LogLanes(IEnumerable<LanePosition> stored, ApplyRules rules) : ILaneProgress
{
    private readonly Dictionary<LaneId, LanePosition> _stored = stored.ToDictionary(p => p.Lane);
    private readonly Dictionary<LaneId, OpenLane> _lanes = [];

    public IEnumerable<(LaneId Lane, LanePass Pass)> Passes => _lanes.Select(l => (l.Key, l.Value.Pass));

    // What was not met in a lane that was read anew: once a source that has said everything tells the lane's end, and the pass covers it.
    public RowSweep? DueSweep(Heartbeat word)
    {
        if (!word.FirstRepublishEnded)
            return null;
        foreach (var end in word.Ends)
            if (_lanes.TryGetValue(end.Lane, out var lane) && lane.Met is { } met && Reached(lane, end))
                return new ReadSweep(end.Lane, word.Epoch, met);
        return null;
    }

    public (LaneId Lane, DateTimeOffset Since)? Overdue =>
        _lanes.FirstOrDefault(l => l.Value.IsOverdue) is { Value: { } lane, Key: var id } ? (id, lane.CompleteAt) : null;

    public long Open(LaneOpened opened, DateTimeOffset now)
    {
        var lane = new OpenLane(opened.Incarnation, opened.DeletesKept) { CompleteAt = now };
        var next = 0L;
        if (_stored.TryGetValue(opened.Lane, out var before))
        {
            // Positions of another incarnation are worthless; the rows stay, and are judged by the guard and by what is met.
            var since = CompleteAt(before);
            if (before.Incarnation == opened.Incarnation && !lane.IsTooLong(now - since) && before.Counted.Length != Marks.Unmet)
                (next, lane.CompleteAt) = (before.Next, since);
            else
                lane.Met = new();
        }
        lane.Pass = new(next, opened.End, null, null);
        _lanes[opened.Lane] = lane;
        return next;
    }

    public void Close(LaneId lane) => _lanes.Remove(lane);

    public LanePosition Position(LaneId lane, LaneBatch? coming, DateTimeOffset now)
    {
        var open = _lanes[lane];
        var next = coming?.Next ?? open.Pass.Next;
        if (open.Met is not null || coming is { FromBeginning: true })
            // What was met is forgotten with the process: the next one begins at the beginning too.
            return new(lane, open.Incarnation, 0) { Counted = Marks.OfUnmet };
        return open.DeletesKept is null
            ? new(lane, open.Incarnation, next)
            : new(lane, open.Incarnation, next) { Counted = Marks.Of(coming?.AtTail == true ? now : open.CompleteAt) };
    }

    public void Applied(LaneBatch batch, DateTimeOffset now)
    {
        var open = _lanes[batch.Lane];
        // Only where the carrier says so. A position that falls may be that of a batch which was read before a seek: what lies below it would count as gone.
        if (batch.FromBeginning)
            (open.Met, open.Pass) = (new(), new(0, open.Pass.EndAtOpen, null, null));
        if (open.Met is { } met)
            foreach (var received in batch.Events)
                met.Add(received.Event?.Key ?? received.Key);
        open.IsOverdue |= open.IsTooLong(now - open.CompleteAt);
        open.Pass = open.Pass with { Next = batch.Next };
        open.MetGaps |= batch.HasGaps;
        if (batch.AtTail)
        {
            open.Pass = open.Pass with
            {
                TailFoundAt = open.Pass.TailFoundAt ?? batch.Next,
                LastTailAt = batch.Next,
                GapsUntil = open.MetGaps ? batch.Next : open.Pass.GapsUntil,
            };
            open.MetGaps = false;
            open.CompleteAt = open.IsOverdue ? open.CompleteAt : now;
        }
        _stored[batch.Lane] = Position(batch.Lane, null, now);
    }

    public void Believed(DateTimeOffset now)
    {
        foreach (var lane in _lanes.Values)
            if (!lane.IsOverdue)
                lane.CompleteAt = now;
    }

    public void Swept(LaneId lane)
    {
        if (_lanes.TryGetValue(lane, out var open))
            open.Met = null;
    }

    public bool Covers(Heartbeat heartbeat, LaneEnd end) => _lanes[end.Lane] is { Met: null } lane && Reached(lane, end);

    public bool MayBelieve(LaneEnd end) => rules.GapsPassed(_lanes[end.Lane].Pass, end.Position);

    private bool Reached(OpenLane lane, LaneEnd end) =>
        lane.Incarnation == end.Incarnation
        && !lane.IsOverdue
        && rules.PassComplete(lane.Pass)
        && lane.Pass.Next >= end.Position
        && rules.EndReached(lane.Pass, end.Position);

    // A position without the time is of a log that kept Deletes for ever: since when it does not is not known.
    private static DateTimeOffset CompleteAt(LanePosition stored) =>
        stored.Counted.Length == Marks.Time
            ? DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(stored.Counted.Span))
            : DateTimeOffset.UnixEpoch;

    private sealed class OpenLane(long incarnation, TimeSpan? deletesKept)
    {
        public long Incarnation => incarnation;
        public TimeSpan? DeletesKept => deletesKept;
        public LanePass Pass { get; set; }

        /// <summary>When the lane's tail was last known to be applied, or its pass began.</summary>
        public DateTimeOffset CompleteAt { get; set; }

        /// <summary>Whether Deletes may have gone before they were read.</summary>
        public bool IsOverdue { get; set; }

        /// <summary>Whether positions were empty since a read last found the tail.</summary>
        public bool MetGaps { get; set; }

        /// <summary>The keys met, of a lane that is read anew; null for one that is not.</summary>
        public MetKeys? Met { get; set; }

        public bool IsTooLong(TimeSpan away) => away > deletesKept;
    }

    /// <summary>What is stored beside a position: the time up to which the lane is complete, where Deletes are not kept for ever; or that it is being read anew.</summary>
    private static class Marks
    {
        public const int Unmet = 1;
        public const int Time = 8;

        public static readonly ReadOnlyMemory<byte> OfUnmet = new byte[Unmet];

        public static ReadOnlyMemory<byte> Of(DateTimeOffset completeAt)
        {
            var bytes = new byte[Time];
            BinaryPrimitives.WriteInt64BigEndian(bytes, completeAt.ToUnixTimeMilliseconds());
            return bytes;
        }
    }
}
