using Statecast.Events;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Replicas.Objects;
using Statecast.Serialization;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Source;

namespace Statecast.Simulation.Processes;

/// <summary>A target: one replica store, and one or two instances that share its lanes.</summary>
internal sealed class SimTarget
{
    private readonly SimWorld _world;
    private readonly Dictionary<LaneId, SimInstance> _owners = [];

    public SimTarget(SimWorld world, string name, int instances, bool old)
    {
        _world = world;
        Name = name;
        IsOld = old;
        (Store, Checks) = (NewStore(), new(world, name));
        Layout = new(SimContent.Destination, [], [], Fingerprint.Of("layout"u8), world.Carrier.Abilities.Retained);
        Instances = [.. Enumerable.Range(0, instances).Select(i => new SimInstance(world, this, $"{name}.{i}", instances > 1))];
    }

    public string Name { get; }

    /// <summary>Whether it cannot read the newest shape.</summary>
    public bool IsOld { get; }

    public IReplicaStore Store { get; private set; }

    public ReplicaLayout Layout { get; }

    public ReplicaChecks Checks { get; private set; }

    public IReadOnlyList<SimInstance> Instances { get; }

    public bool Started { get; private set; }

    public ReplicaContents Contents => Store.OpenAsync(Layout, default).AsTask().Result;

    public void Start()
    {
        Started = true;
        for (var lane = 0; lane < _world.Lanes; lane++)
            _owners[new(SimContent.Destination, lane)] = Instances[lane % Instances.Count];
        _world.Bootstraps.Inject(this);
        foreach (var instance in Instances)
            instance.Start();
    }

    public IEnumerable<LaneId> LanesOf(SimInstance instance) =>
        _owners.Where(o => o.Value == instance).Select(o => o.Key).OrderBy(l => l.Number);

    /// <summary>A lane goes to the other instance; the one that had it hears of that later, and both may work on it meanwhile.</summary>
    public void MoveLane()
    {
        if (!Started || Instances.Count < 2)
            return;
        var lane = new LaneId(SimContent.Destination, _world.Random.Next(_world.Lanes));
        var before = _owners[lane];
        var after = Instances.First(i => i != before);
        _owners[lane] = after;
        _world.Coverage.Note(Event.LaneMoved);
        _world.Trace.Add("lane moves", Name, lane.Number);
        after.Open(lane);
        _world.Scheduler.After(_world.Random.Seconds(0, 3), () => before.Close(lane));
    }

    public void Hear(Heartbeat heartbeat)
    {
        if (!Started)
            return;
        foreach (var instance in Instances)
            instance.Hear(heartbeat);
    }

    public void Nudge()
    {
        if (!Started)
            return;
        foreach (var instance in Instances)
            instance.Nudge();
    }

    /// <summary>The process died with the replica in its memory.</summary>
    public void Forget() => (Store, Checks) = (NewStore(), new(_world, Name));

    public ReplicaRow? Find(string key) => Store.FindAsync(key, default).AsTask().Result;

    public ParkedEvent? FindParked(string key)
    {
        var unit = Begin([key]);
        var parked = unit.FindParked(key);
        unit.DisposeAsync().AsTask().Wait();
        return parked;
    }

    public IReadOnlyList<StateEvent> FindWaiting(string key)
    {
        var unit = Begin([key]);
        var waiting = unit.FindWaiting(key);
        unit.DisposeAsync().AsTask().Wait();
        return waiting;
    }

    public IReplicaUnit Begin(IReadOnlyCollection<string> keys) => Store.BeginAsync(keys, default).AsTask().Result;

    private IReplicaStore NewStore()
    {
        if (_world.Carrier is SimInProcess)
            return new ObjectReplicaStore();
        var store = new MemoryReplicaStore();
        return _world.Rules.FollowsBlindly ? new BlindStore(store) : store;
    }

    /// <summary>An operator drops parked events whose key nobody can read.</summary>
    public void DropNameless()
    {
        var plan = new ReplicaPlan();
        foreach (var parked in Store.Inbox.ParkedAsync(default).ToBlockingEnumerable())
            if (parked.Key.StartsWith('?'))
                plan.Unpark.Add(parked.Key);
        plan.Counters = new(0, 0, 0, plan.Unpark.Count);
        Begin([]).CommitAsync(plan, default).AsTask().Wait();
    }
}
