using Statecast.Events;
using Statecast.Simulation.Engine;
using Statecast.Transport;

namespace Statecast.Simulation.Carriers;

/// <summary>What lies in a queue: an event or a word.</summary>
internal sealed record SimItem(StateEvent? Event, Heartbeat? Word);

/// <summary>
/// A queue per target, made when the target first comes: nothing of before is there, nothing is kept once acknowledged, everything unacknowledged comes again, perhaps
/// later than what followed it, and messages get lost. Heartbeats travel in-band.
/// </summary>
internal sealed class SimQueue(SimWorld world) : SimCarrier(world)
{
    private readonly Dictionary<string, TargetQueue> _queues = [];

    public override TransportAbilities Abilities =>
        new()
        {
            Retained = false,
            ConditionalAppend = false,
            RequestChannel = true,
            Patches = true,
            DefaultLanes = 1,
        };

    /// <summary>Whether a target has its queue.</summary>
    public bool Has(string target) => _queues.TryGetValue(target, out var queue) && !queue.IsDeleted;

    /// <summary>Makes a target's queue, if it is not there.</summary>
    /// <returns>Whether it was made.</returns>
    public bool Bind(string target)
    {
        if (Has(target))
            return false;
        _queues.TryGetValue(target, out var before);
        var queue = _queues[target] = new() { LostAny = before is not null };
        if (!World.Rules.BindsLate)
            queue.IsBound = true;
        else
            // Planted: the target is told before it is true.
            World.Scheduler.After(World.Random.Seconds(5, 40), () => queue.IsBound = true);
        return true;
    }

    /// <summary>An operator deletes it, with all that is in it.</summary>
    public void Delete(string target)
    {
        if (!Has(target))
            return;
        World.Coverage.Note(Event.QueueDeleted);
        World.Trace.Add("queue deleted", target);
        _queues[target].IsDeleted = World.Bootstraps.Lost = true;
    }

    /// <summary>Whether something was lost, or may be under way still, that a target could miss.</summary>
    public bool ExplainsAGap(string target) => _queues[target] is { LostAny: true } or { MissedAny: false };

    public IReadOnlyList<SimItem> Take(string target, int limit)
    {
        var queue = _queues[target].Items;
        var taken = queue.Take(limit).ToList();
        queue.RemoveRange(0, taken.Count);
        return taken;
    }

    /// <summary>What was taken, as a target gets it.</summary>
    public static Delivery Delivery(IEnumerable<LaneId> lanes, IReadOnlyList<SimItem> taken, bool atTail)
    {
        var events = taken.Select(i => i.Event).OfType<StateEvent>().ToLookup(e => SnapshotLane.LiveOf(e.Lane));
        return new()
        {
            Batches = [.. lanes.Select(l => new LaneBatch(l, [.. events[l].Select(e => new ReceivedEvent(e, 0))], 0, atTail))],
            Heartbeats = [.. taken.Select(i => i.Word).OfType<Heartbeat>()],
            Handle = taken,
        };
    }

    public bool IsEmpty(string target) => _queues[target].Items.Count == 0;

    /// <summary>The consumer died: what it had not acknowledged comes again, in its place or, as brokers do, later.</summary>
    public void Return(string target, IReadOnlyList<SimItem> unacknowledged)
    {
        if (!Has(target))
            return;
        var queue = _queues[target].Items;
        var place = 0;
        if (queue.Count > 0 && World.Faults.Strikes(World.Faults.Reorder, World.Random, 0.5))
        {
            World.Coverage.Note(Event.QueueReorder);
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
        foreach (var queue in _queues.Values.Where(q => q.Takes))
            if (World.Faults.Strikes(World.Faults.LostHeartbeats, World.Random, 0.2))
                World.Coverage.Note(Event.HeartbeatLost);
            else
                queue.Items.Add(new(null, heartbeat));
        World.Targets.ForEach(t => t.Nudge());
    }

    public override bool IsCovered(string key, StateRevision revision, Heartbeat heartbeat) => World.Sums.HasLanded(key, revision);

    protected override SendOutcome Take(StateEvent stateEvent, SimBatch batch)
    {
        if (SnapshotLane.TryParse(stateEvent.Lane, out _, out var to))
        {
            // Its queue is gone: nobody waits for it.
            if (!Has(to))
                return new(SendResult.Refused);
            // What is for one target goes straight into its queue, whatever that is bound to.
            Put(_queues[to], to, stateEvent);
            return new(SendResult.Confirmed);
        }
        foreach (var (target, queue) in _queues)
            if (queue.Takes)
                Put(queue, target, stateEvent);
            else
                queue.MissedAny |= !queue.IsDeleted;
        return new(SendResult.Confirmed);
    }

    private void Put(TargetQueue queue, string target, StateEvent stateEvent)
    {
        if (World.Patches.Loses(stateEvent) || World.Bootstraps.Loses(target))
        {
            queue.LostAny = World.Bootstraps.Lost = true;
            return;
        }
        queue.Items.Add(new(stateEvent, null));
        if (!World.Faults.Strikes(World.Faults.Duplicates, World.Random, 0.1))
            return;
        World.Coverage.Note(Event.QueueDuplicate);
        // A second copy may come right behind, or much later.
        World.Scheduler.After(
            World.Random.Chance(0.5) ? TimeSpan.Zero : World.Random.Seconds(0, 5),
            () => queue.Items.Add(new(stateEvent, null))
        );
    }

    private sealed class TargetQueue
    {
        public List<SimItem> Items { get; } = [];
        public bool IsBound { get; set; }
        public bool IsDeleted { get; set; }
        public bool Takes => IsBound && !IsDeleted;

        /// <summary>Whether a fault lost anything.</summary>
        public bool LostAny { get; set; }

        /// <summary>Whether anything went past it that its target was told to rely on.</summary>
        public bool MissedAny { get; set; }
    }
}
