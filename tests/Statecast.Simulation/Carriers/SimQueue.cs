using Statecast.Events;
using Statecast.Simulation.Engine;
using Statecast.Transport;

namespace Statecast.Simulation.Carriers;

/// <summary>What lies in a queue: an event or a word.</summary>
internal sealed record SimItem(StateEvent? Event, Heartbeat? Word);

/// <summary>
/// A queue per target: nothing is kept once acknowledged, everything unacknowledged comes again. Heartbeats travel in-band.
/// Judging lane numbers, and with it bootstrap by message, is not built yet: every target is bound from the start, and what is checked
/// of freshness holds only while the queue keeps its order.
/// </summary>
internal sealed class SimQueue(SimWorld world) : SimCarrier(world)
{
    private readonly Dictionary<string, List<SimItem>> _queues = [];

    public override TransportAbilities Abilities =>
        new()
        {
            Retained = false,
            ConditionalAppend = false,
            RequestChannel = false,
            DefaultLanes = 1,
        };

    /// <summary>Whether the order was ever broken.</summary>
    public bool Reordered { get; private set; }

    public void Bind(string target) => _queues.TryAdd(target, []);

    public IReadOnlyList<SimItem> Take(string target, int limit)
    {
        var queue = _queues[target];
        var taken = queue.Take(limit).ToList();
        queue.RemoveRange(0, taken.Count);
        return taken;
    }

    public bool IsEmpty(string target) => _queues[target].Count == 0;

    /// <summary>The consumer died: what it had not acknowledged comes again, in its place or, as brokers do, later.</summary>
    public void Return(string target, IReadOnlyList<SimItem> unacknowledged)
    {
        var queue = _queues[target];
        var place = 0;
        if (queue.Count > 0 && World.Faults.Strikes(World.Faults.Reorder, World.Random, 0.5))
        {
            World.Coverage.Note(Event.QueueReorder);
            Reordered = true;
            place = World.Random.Next(queue.Count) + 1;
        }
        queue.InsertRange(place, unacknowledged);
    }

    public override IReadOnlyList<LaneEnd> Ends(IReadOnlyCollection<LaneId> lanes) => [.. lanes.Select(l => new LaneEnd(l, 0, 0, 0))];

    public override IReadOnlyList<LogRecord> ReadBack(LaneId lane, long from, long end) =>
        throw new NotSupportedException("Nothing is read back on a queue.");

    public override void Heartbeat(Heartbeat heartbeat)
    {
        foreach (var end in heartbeat.Ends)
            Mark(end.Lane, heartbeat.Epoch, heartbeat.LeaseId, end.Number);
        foreach (var queue in _queues.Values)
            if (World.Faults.Strikes(World.Faults.LostHeartbeats, World.Random, 0.2))
                World.Coverage.Note(Event.HeartbeatLost);
            else
                queue.Add(new(null, heartbeat));
        World.Targets.ForEach(t => t.Nudge());
    }

    public override bool IsCovered(string key, StateRevision revision, Heartbeat heartbeat) => World.Sums.HasLanded(key, revision);

    protected override SendOutcome Take(StateEvent stateEvent, SimBatch batch)
    {
        foreach (var queue in _queues.Values)
        {
            queue.Add(new(stateEvent, null));
            if (!World.Faults.Strikes(World.Faults.Duplicates, World.Random, 0.1))
                continue;
            World.Coverage.Note(Event.QueueDuplicate);
            // A second copy may come right behind, or much later.
            World.Scheduler.After(
                World.Random.Chance(0.5) ? TimeSpan.Zero : World.Random.Seconds(0, 5),
                () => queue.Add(new(stateEvent, null))
            );
        }
        return new(SendResult.Confirmed);
    }
}
