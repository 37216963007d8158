using Statecast.Events;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;
using Statecast.Transport;

namespace Statecast.Simulation.Carriers;

/// <summary>A record of a log.</summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Event">The event.</param>
/// <param name="At">When it was appended.</param>
/// <param name="Corrupt">Whether its envelope cannot be read.</param>
/// <param name="KeyKnown">Whether its key can, all the same.</param>
internal sealed record SimRecord(long Position, StateEvent Event, TimeSpan At, bool Corrupt, bool KeyKnown)
{
    /// <summary>As a reader gets it.</summary>
    public ReceivedEvent Received => Corrupt ? new(null, Position, KeyKnown ? Event.Key : null, "corrupt") : new(Event, Position);
}

/// <summary>A retained, compacted log, with conditional append (like the SQLite log) or without (like Kafka).</summary>
internal sealed class SimLog : SimCarrier
{
    private readonly Dictionary<LaneId, Lane> _lanes = [];
    private readonly Dictionary<string, List<(long Position, StateRevision Revision)>> _history = [];
    private readonly Dictionary<LaneId, LaneFloor> _floors = [];
    private readonly bool _conditional;
    private readonly long _first;

    public SimLog(SimWorld world, bool conditional)
        : base(world)
    {
        _conditional = conditional;
        // Kafka counts from 0, where "no position" and the first one look alike; a database from 1.
        _first = conditional ? 1 : 0;
        CompactionLag = world.Random.Seconds(0.1, 2);
    }

    public override TransportAbilities Abilities =>
        new()
        {
            Retained = true,
            ConditionalAppend = _conditional,
            RequestChannel = false,
            DefaultLanes = 8,
        };

    public TimeSpan CompactionLag { get; }

    /// <summary>The newest word, as a newcomer finds it.</summary>
    public Heartbeat? LastWord { get; private set; }

    public bool AnyCorrupt { get; private set; }

    public long EndOf(LaneId lane) => _lanes.TryGetValue(lane, out var log) ? log.End : 0;

    /// <summary>Records from a position on, at most so many.</summary>
    public List<SimRecord> Read(LaneId lane, long from, int limit) =>
        _lanes.TryGetValue(lane, out var log) ? [.. log.Records.Where(r => r.Position >= from).Take(limit)] : [];

    /// <summary>Drops records that a newer one of their key follows; the youngest are left alone.</summary>
    public void Compact()
    {
        var horizon = World.Scheduler.Now - CompactionLag;
        foreach (var log in _lanes.Values)
        {
            var kept = new HashSet<string>();
            for (var i = log.Records.Count - 1; i >= 0; i--)
                if (log.Records[i].At <= horizon && !kept.Add(log.Records[i].Event.Key))
                {
                    World.Coverage.Note(Event.Compacted);
                    log.Records.RemoveAt(i);
                }
        }
    }

    public override IReadOnlyList<LaneEnd> Ends(IReadOnlyCollection<LaneId> lanes) =>
        [.. lanes.Select(l => new LaneEnd(l, World.Incarnation, EndOf(l), 0))];

    public override IReadOnlyList<LogRecord> ReadBack(LaneId lane, long from, long end)
    {
        World.Coverage.Note(Event.ReadBack);
        return
        [
            .. Read(lane, from, int.MaxValue)
                .Where(r => r.Position < end)
                .Select(r => new LogRecord(r.Position, r.Event.Key, r.Event.Revision, r.Event.LeaseId, r.Event.LaneNumber)),
        ];
    }

    public override void Heartbeat(Heartbeat heartbeat)
    {
        foreach (var end in heartbeat.Ends)
            Mark(end.Lane, heartbeat.Epoch, heartbeat.LeaseId, end.Number);
        // A sleeper's word of a lower epoch is dropped, and a floor that was stated stands.
        if (heartbeat.Epoch < LastWord?.Epoch)
            return;
        foreach (var end in heartbeat.Ends)
            if (end.Floor.Epoch > FloorOf(end.Lane).Epoch)
                _floors[end.Lane] = end.Floor;
        LastWord = heartbeat with { Ends = [.. heartbeat.Ends.Select(e => e with { Floor = FloorOf(e.Lane) })] };
        World.Targets.ForEach(t => t.Hear(LastWord));
    }

    private LaneFloor FloorOf(LaneId lane) => _floors.GetValueOrDefault(lane);

    public override bool IsCovered(string key, StateRevision revision, Heartbeat heartbeat)
    {
        var lane = Source.SimContent.LaneOf(key, World.Lanes);
        var end = heartbeat.Ends.Single(e => e.Lane == lane).Position;
        return _history.TryGetValue(key, out var records) && records.Exists(r => r.Revision >= revision && r.Position < end);
    }

    /// <summary>The last record of a key; null if there is none.</summary>
    public SimRecord? Last(string key) =>
        _lanes.TryGetValue(Source.SimContent.LaneOf(key, World.Lanes), out var log)
            ? log.Records.LastOrDefault(r => r.Event.Key == key)
            : null;

    protected override SendOutcome Take(StateEvent stateEvent, SimBatch batch)
    {
        if (!_lanes.TryGetValue(stateEvent.Lane, out var log))
            _lanes[stateEvent.Lane] = log = new(_first);
        var last = Last(stateEvent.Key);
        if (_conditional)
        {
            KeyNewest? newest = last is null ? null : new(last.Event.Revision, last.Event.IsDelete, last.Event.Content);
            if (Guard.Instance.Judge(newest, stateEvent, FloorOf(stateEvent.Lane).Epoch) == GuardVerdict.Supersede)
            {
                World.Coverage.Note(Event.LogRefused);
                return new(SendResult.Refused);
            }
        }
        else if (last is not null && stateEvent.Revision < last.Event.Revision)
            Breach(stateEvent, last, batch);
        // What the guard of a log needs stands beside the body, which a Delete has not got (protocol section 7): there is nothing of it that a target could not read.
        var corrupt = World.Faults.Strikes(World.Faults.Corrupt, World.Random, 0.02) && !(_conditional && stateEvent.IsDelete);
        if (corrupt)
            World.Coverage.Note(Event.Corrupt);
        AnyCorrupt |= corrupt;
        var position = log.Append(stateEvent, World.Scheduler.Now, corrupt, World.Random.Chance(0.7));
        if (!_history.TryGetValue(stateEvent.Key, out var records))
            _history[stateEvent.Key] = records = [];
        records.Add((position, stateEvent.Revision));
        return new(SendResult.Confirmed, position);
    }

    // Promise 9: on such a log only a sender that slept between its check and its hand-over, or a network that delivered after the time-out, may bury a newer record.
    private void Breach(StateEvent older, SimRecord newer, SimBatch batch)
    {
        var clockJumped = World.Truth.LastJump > World.Scheduler.Now - TimeSpan.FromSeconds(60);
        var zombie = batch.Slept && !batch.HeldLease;
        if (!zombie && !batch.Late && !clockJumped)
            throw new Violation(
                Checker.CompactionSafe,
                $"{older.Key}@{older.Revision} of {batch.Relay.Name}, handed over at {batch.HandedAt.TotalSeconds:0.000} {(batch.HeldLease ? "under its lease" : "without a lease and without a pause after the check")}, landed above {newer.Event.Revision}"
            );
        World.Coverage.Note(Event.ZombieLast);
    }

    private sealed class Lane(long first)
    {
        private long _next = first;

        public List<SimRecord> Records { get; } = [];

        /// <summary>The next position to read; 0 while nothing was ever appended.</summary>
        public long End { get; private set; }

        public long Append(StateEvent stateEvent, TimeSpan at, bool corrupt, bool keyKnown)
        {
            Records.Add(new(_next, stateEvent, at, corrupt, keyKnown));
            End = _next + 1;
            return _next++;
        }
    }
}
