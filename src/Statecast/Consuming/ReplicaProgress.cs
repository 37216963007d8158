using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>
/// The state machine of a replica's completeness and freshness (protocol sections 3 and 4): lanes open, batches are applied, reads find tails,
/// heartbeats are believed once everything they speak of is applied. Pure; times come from the caller.
/// </summary>
/// <param name="contents">What the store held at start.</param>
/// <param name="rules">The rules.</param>
/// <param name="partitioned">Whether this replica holds only the lanes that it was given; by default it needs every lane that a heartbeat names.</param>
public sealed class ReplicaProgress(ReplicaContents contents, ApplyRules rules, bool partitioned = false)
{
    /// <summary>This many intervals without a heartbeat make freshness unknown.</summary>
    public const int MissedHeartbeats = 3;

    private const int MaxWaitingHeartbeats = 16;
    private readonly Dictionary<LaneId, OpenLane> _lanes = [];
    private readonly Dictionary<LaneId, LanePosition> _stored = contents.Positions.ToDictionary(p => p.Lane);
    private readonly Dictionary<LaneId, long> _dropped = contents.Positions.ToDictionary(p => p.Lane, p => p.Floor);
    private readonly List<Heartbeat> _waiting = [];
    private long _storedFloor = contents.FloorEpoch;
    private Heartbeat? _believed;
    private Heartbeat? _newest;
    private DateTimeOffset _heardAt;

    /// <summary>Where the replica stands.</summary>
    public ReplicaState State =>
        Complete ? ReplicaState.Live
        : WasLive ? ReplicaState.CatchingUp
        : _lanes.Count == 0 && _stored.Count == 0 ? ReplicaState.Empty
        : ReplicaState.Bootstrapping;

    /// <summary>Whether the replica was Live once.</summary>
    public bool WasLive { get; private set; } = contents.WasLive;

    /// <summary>The source's newest word, believed or not.</summary>
    public Heartbeat? Newest => _newest;

    /// <summary>Whether the state is Live now and was never before: to be stored before anything else is.</summary>
    public bool BecomesLive => !WasLive && Complete;

    /// <summary>Everything below this epoch is superseded, from the moment in which the source said so (protocol section 6); 0 for none.</summary>
    public long FloorEpoch { get; private set; } = contents.FloorEpoch;

    /// <summary>A floor that is still to be stored; null for none.</summary>
    public long? FloorToStore => FloorEpoch > _storedFloor ? FloorEpoch : null;

    /// <summary>
    /// What is still to be dropped: rows of these open lanes below the floor. Due once the word that states it is believed: then a read found the tail of every
    /// lane at or above the ends that hold all that was said again, and no row that the source still has can go.
    /// </summary>
    public DueDrop? DueDrop =>
        _believed is { FloorEpoch: > 0 and var floor } && _lanes.Keys.Where(l => FloorOf(l) < floor).ToList() is { Count: > 0 } lanes
            ? new(floor, lanes, _believed.Ends.Count)
            : null;

    /// <summary>The epoch below which an open lane's rows were dropped.</summary>
    public long FloorOf(LaneId lane) => _dropped.GetValueOrDefault(lane);

    /// <summary>Where an open lane stands, as it is to be stored.</summary>
    public LanePosition PositionOf(LaneId lane) => new(lane, _lanes[lane].Incarnation, _lanes[lane].Pass.Next, FloorOf(lane));

    /// <summary>The open lanes' passes.</summary>
    public IEnumerable<(LaneId Lane, LanePass Pass)> Passes => _lanes.Select(l => (l.Key, l.Value.Pass));

    /// <summary>A lane opened: from where it is to be read.</summary>
    public long Open(LaneId lane, long incarnation, long end)
    {
        // Positions of another incarnation are worthless: the pass starts anew, the rows stay and are judged by the guard.
        var next = _stored.TryGetValue(lane, out var position) && position.Incarnation == incarnation ? position.Next : 0;
        _lanes[lane] = new(incarnation, new(next, end, null, null));
        return next;
    }

    /// <summary>A lane closed: nothing is claimed of it any more.</summary>
    public void Close(LaneId lane) => _lanes.Remove(lane);

    /// <summary>Whether events of a lane are to be applied: it is open.</summary>
    public bool IsOpen(LaneId lane) => _lanes.ContainsKey(lane);

    /// <summary>A batch of a lane is in the store.</summary>
    public void Applied(LaneId lane, long next, bool atTail)
    {
        if (!_lanes.TryGetValue(lane, out var open))
            return;
        _stored[lane] = new(lane, open.Incarnation, next);
        var pass = open.Pass with { Next = next };
        if (atTail)
            pass = pass with { TailFoundAt = pass.TailFoundAt ?? next, LastTailAt = next };
        _lanes[lane] = open with { Pass = pass };
        Believe();
    }

    /// <summary>The source said its word.</summary>
    public void Heard(Heartbeat heartbeat, DateTimeOffset now)
    {
        if (
            _newest is { } newest
            && (heartbeat.Epoch < newest.Epoch || (heartbeat.Epoch == newest.Epoch && heartbeat.Clock < newest.Clock))
        )
            return; // a zombie's or a redelivered word
        if (heartbeat.Epoch < FloorEpoch)
            return; // a zombie's, after a restart of ours
        if (_newest?.Epoch < heartbeat.Epoch)
        {
            // What was said of the lost incarnation says nothing of this one.
            _waiting.Clear();
            _believed = null;
        }
        FloorEpoch = Math.Max(FloorEpoch, heartbeat.FloorEpoch);
        // The same word read again is no sign of life.
        if (_newest is null || heartbeat.Clock > _newest.Clock || heartbeat.Epoch > _newest.Epoch || heartbeat.LeaseId != _newest.LeaseId)
            _heardAt = now;
        _newest = heartbeat;
        if (_waiting.Count == MaxWaitingHeartbeats)
            _waiting.RemoveAt(_waiting.Count / 2);
        _waiting.Add(heartbeat);
        Believe();
    }

    /// <summary>Notes what a plan stored for good.</summary>
    public void Stored(ReplicaPlan plan)
    {
        WasLive |= plan.BecameLive;
        _storedFloor = Math.Max(_storedFloor, plan.FloorEpoch ?? 0);
    }

    /// <summary>The rows of these lanes below the floor are gone.</summary>
    public void Dropped(DueDrop drop)
    {
        foreach (var lane in drop.Lanes)
            _dropped[lane] = Math.Max(drop.FloorEpoch, FloorOf(lane));
    }

    /// <summary>What may be said of staleness now.</summary>
    /// <param name="now">By the target's clock.</param>
    /// <param name="parked">How many events are parked: what they would have changed is not known.</param>
    public Freshness FreshnessAt(DateTimeOffset now, long parked)
    {
        var asOf = _believed?.Clock;
        if (_newest is null)
            return new(asOf, "no heartbeat of the source was seen yet.");
        if (State != ReplicaState.Live || asOf is null)
            return new(asOf, $"the replica is {State}.");
        if (now < _heardAt)
            return new(asOf, $"this machine's clock was set back: it shows {now:O}, and the last heartbeat came at {_heardAt:O}.");
        if (now - _heardAt > MissedHeartbeats * _newest.Interval)
            return new(
                asOf,
                $"no heartbeat of '{_newest.Source}' for more than {MissedHeartbeats} intervals of {_newest.Interval.TotalSeconds:0.###} s."
            );
        return parked > 0 ? new(asOf, $"{parked} parked event(s): list, retry or drop them.") : new(asOf, null);
    }

    // With rows of a lost incarnation among them the source's rows are not all that there is.
    private bool Complete =>
        _believed is { FirstRepublishEnded: true } && _lanes.Count > 0 && DueDrop is null && Covers(_believed) && AllPassed();

    private bool AllPassed()
    {
        foreach (var lane in _lanes.Values)
            if (!rules.PassComplete(lane.Pass))
                return false;
        return true;
    }

    private void Believe()
    {
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (!Covers(_waiting[i]))
                continue;
            _believed = _waiting[i];
            _waiting.RemoveRange(0, i + 1);
            return;
        }
    }

    private bool Covers(Heartbeat heartbeat)
    {
        var named = 0;
        foreach (var end in heartbeat.Ends)
        {
            if (!_lanes.TryGetValue(end.Lane, out var open))
            {
                if (partitioned)
                    continue;
                return false;
            }
            named++;
            if (
                open.Incarnation != end.Incarnation
                || !rules.PassComplete(open.Pass)
                || open.Pass.Next < end.Position
                || !rules.EndReached(open.Pass, end.Position)
            )
                return false;
        }
        // A lane that the word does not name is not proven by it.
        return named == _lanes.Count;
    }

    private readonly record struct OpenLane(long Incarnation, LanePass Pass);
}

/// <summary>Rows that are to go: those of some lanes below the floor.</summary>
/// <param name="FloorEpoch">The floor.</param>
/// <param name="Lanes">The lanes.</param>
/// <param name="LaneCount">How many the destination has.</param>
public sealed record DueDrop(long FloorEpoch, IReadOnlyList<LaneId> Lanes, int LaneCount)
{
    /// <summary>Whether a row is to go.</summary>
    public bool Concerns(ReplicaRow row) =>
        row.Revision.Epoch < FloorEpoch && (Lanes.Count == LaneCount || Lanes.Any(l => l.Number == KeyText.Lane(row.Key, LaneCount)));
}
