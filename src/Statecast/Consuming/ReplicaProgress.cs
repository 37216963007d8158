using Statecast.Consuming.Queues;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>
/// The state machine of a replica's completeness and freshness (protocol sections 3 and 4): lanes open, batches are applied, reads find tails,
/// heartbeats are believed once everything they speak of is applied. How far a lane is, is another's: by positions on a log, by numbers on a queue. Pure; times come
/// from the caller.
/// </summary>
/// <param name="contents">What the store held at start.</param>
/// <param name="rules">The rules.</param>
/// <param name="partitioned">Whether this replica holds only the lanes that it was given; by default it needs every lane that a heartbeat names.</param>
/// <param name="retained">Whether the carrier is a log; false for a queue.</param>
public sealed class ReplicaProgress(ReplicaContents contents, ApplyRules rules, bool partitioned = false, bool retained = true)
{
    /// <summary>This many intervals without a heartbeat make freshness unknown.</summary>
    public const int MissedHeartbeats = 3;

    private const int MaxWaitingHeartbeats = 16;
    private readonly ILaneProgress _lanes = retained ? new LogLanes(contents.Positions, rules) : new QueueLanes(contents.Positions, rules);
    private readonly HashSet<LaneId> _open = [];
    private bool _knowsLanes = contents.Positions.Count > 0;
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
        : _open.Count == 0 && !_knowsLanes ? ReplicaState.Empty
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
        _believed is { FloorEpoch: > 0 and var floor } && _open.Where(l => FloorOf(l) < floor).ToList() is { Count: > 0 } lanes
            ? new(floor, lanes, _believed.Ends.Count)
            : null;

    /// <summary>
    /// What is still to be removed because everything that the source has was said, and this was not; null for none. On a queue it is due once a run's ranges all
    /// ended, and a word said how many lanes there are; on a log once a lane that was read anew covers such a word. Then it counts (<see cref="Dropped"/>).
    /// </summary>
    internal DueDrop? DueSweep =>
        _newest is { } word && _lanes.DueSweep(word) is { } sweep
            ? new(sweep.Epoch, [sweep.Lane], word.Ends.Count) { Sweep = sweep, Rules = rules }
            : null;

    /// <summary>A lane of a log that must be opened anew: Deletes may have gone before they were read, and since when; null for none.</summary>
    internal (LaneId Lane, DateTimeOffset Since)? Overdue => _lanes.Overdue;

    /// <summary>Ranges done and in all, of the runs under way on a queue.</summary>
    internal (int Done, int All) Ranges => _lanes.Ranges;

    /// <summary>Ranges that ended since the start, of all runs.</summary>
    internal long RangesEnded => _lanes.RangesEnded;

    /// <summary>The epoch below which an open lane's rows were dropped.</summary>
    public long FloorOf(LaneId lane) => _dropped.GetValueOrDefault(lane);

    /// <summary>Where an open lane stands, as it is to be stored.</summary>
    public LanePosition PositionOf(LaneId lane, DateTimeOffset now = default) =>
        _lanes.Position(lane, null, now) with
        {
            Floor = FloorOf(lane),
        };

    /// <summary>Where the lane stands once a batch of it is in the store: to be stored with it.</summary>
    public LanePosition PositionAfter(LaneBatch batch, DateTimeOffset now = default) =>
        _lanes.Position(batch.Lane, batch, now) with
        {
            Floor = FloorOf(batch.Lane),
        };

    /// <summary>The open lanes' passes. On a queue the measure is ranges, not positions.</summary>
    public IEnumerable<(LaneId Lane, LanePass Pass)> Passes => _lanes.Passes;

    /// <summary>A lane opened: from where it is to be read.</summary>
    public long Open(LaneOpened opened, DateTimeOffset now = default)
    {
        _open.Add(opened.Lane);
        return _lanes.Open(opened, now);
    }

    /// <summary>A lane closed: nothing is claimed of it any more.</summary>
    public void Close(LaneId lane)
    {
        _open.Remove(lane);
        _lanes.Close(lane);
    }

    /// <summary>Whether events of a lane are to be applied: it is open.</summary>
    public bool IsOpen(LaneId lane) => _open.Contains(lane);

    /// <summary>A batch of a lane is in the store.</summary>
    public void Applied(LaneBatch batch, DateTimeOffset now = default)
    {
        if (!IsOpen(batch.Lane))
            return;
        _knowsLanes = true;
        _lanes.Applied(batch, now);
        Believe(now);
    }

    /// <summary>What is to be asked of the source now, on a queue; it counts as asked for.</summary>
    internal IReadOnlyList<RunQuestion> Ask(TimeSpan now, Func<Guid> newRun) => [.. _lanes.Ask(now, _newest, newRun)];

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
        Believe(now);
    }

    /// <summary>Notes what a plan stored for good.</summary>
    public void Stored(ReplicaPlan plan)
    {
        WasLive |= plan.BecameLive;
        _storedFloor = Math.Max(_storedFloor, plan.FloorEpoch ?? 0);
    }

    /// <summary>What was to be dropped is gone.</summary>
    public void Dropped(DueDrop drop)
    {
        if (drop.Sweep is { } sweep)
        {
            _lanes.Swept(sweep.Lane);
            Believe(null);
            return;
        }
        foreach (var lane in drop.Lanes)
            _dropped[lane] = Math.Max(drop.FloorEpoch, FloorOf(lane));
    }

    /// <summary>What may be said of staleness now.</summary>
    /// <param name="now">By the target's clock.</param>
    /// <param name="parked">How many events are parked: what they would have changed is not known.</param>
    /// <param name="waiting">How many patches wait for their base: the same.</param>
    public Freshness FreshnessAt(DateTimeOffset now, long parked, long waiting = 0)
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
        if (waiting > 0)
            return new(asOf, $"{waiting} partial update(s) wait for the state that they were made from.");
        return parked > 0 ? new(asOf, $"{parked} parked event(s): list, retry or drop them.") : new(asOf, null);
    }

    // With rows of a lost incarnation among them the source's rows are not all that there is.
    private bool Complete =>
        _believed is { FirstRepublishEnded: true } && _open.Count > 0 && DueDrop is null && Covers(_believed) && AllPassed();

    private bool AllPassed()
    {
        foreach (var (_, pass) in _lanes.Passes)
            if (!rules.PassComplete(pass))
                return false;
        return true;
    }

    private void Believe(DateTimeOffset? now)
    {
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (!Covers(_waiting[i]) || !MayBelieve(_waiting[i]))
                continue;
            _believed = _waiting[i];
            _waiting.RemoveRange(0, i + 1);
            if (now is { } time)
                _lanes.Believed(time);
            return;
        }
    }

    private bool MayBelieve(Heartbeat heartbeat)
    {
        foreach (var end in heartbeat.Ends)
            if (_open.Contains(end.Lane) && !_lanes.MayBelieve(end))
                return false;
        return true;
    }

    private bool Covers(Heartbeat heartbeat)
    {
        var named = 0;
        foreach (var end in heartbeat.Ends)
        {
            if (!_open.Contains(end.Lane))
            {
                if (partitioned)
                    continue;
                return false;
            }
            named++;
            if (!_lanes.Covers(heartbeat, end))
                return false;
        }
        // A lane that the word does not name is not proven by it.
        return named == _open.Count;
    }
}
