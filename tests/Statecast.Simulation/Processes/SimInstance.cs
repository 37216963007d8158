using Statecast.Consuming;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Source;
using Statecast.Transport;

namespace Statecast.Simulation.Processes;

/// <summary>A process with the real apply machine. It can die between any two of its commands; its store then holds what was committed.</summary>
internal sealed class SimInstance(SimWorld world, SimTarget target, string name, bool partitioned)
{
    private readonly Dictionary<LaneId, long> _reading = [];
    private readonly Dictionary<LaneId, long> _tailTold = [];
    private readonly List<LaneId> _opened = [];
    private readonly List<LaneId> _closed = [];
    private readonly List<Heartbeat> _words = [];
    private ApplyMachine? _machine;
    private ITransportReceiver? _receiver;
    private ApplyPlanner? _planner;
    private SimQuestions? _questions;
    private SimWrites? _writes;
    private IReadOnlyList<SimItem> _unacknowledged = [];
    private int _life;

    // One delivery at a time: from the plan to look for one until it is applied.
    private bool _busy;
    private TimeSpan _lastWord;
    private TimeSpan _asleepUntil;

    public string Name { get; } = name;

    public ReplicaProgress? Progress => _machine?.Progress;

    private DateTimeOffset Now => SourceTruth.Origin + world.Scheduler.Now + world.TargetOffset;

    public void Start()
    {
        _life++;
        var reader = new SimReader(target.IsOld);
        _planner = new(target.Layout, reader, world.Rules.Apply);
        _machine = new(target.Contents, _planner, world.Rules.Apply, partitioned, target.Layout.Retained);
        _questions = new(world, target, Name, Later);
        _writes = new(target, _planner, _questions);
        _reading.Clear();
        _tailTold.Clear();
        _opened.Clear();
        _closed.Clear();
        _words.Clear();
        _opened.AddRange(target.LanesOf(this));
        _receiver = (world.Carrier as SimInProcess)?.OpenReceiver();
        // A log's companion keeps the newest word: a newcomer finds it, however old.
        if (world.Carrier is SimLog { LastWord: { } word })
            _words.Add(word);
        _writes.RetryWaiting(_machine, Now);
        _questions.Ask();
        if (world.Carrier is SimQueue)
            AskLater();
        Nudge();
    }

    public void Open(LaneId lane)
    {
        _closed.Remove(lane);
        _opened.Add(lane);
        Nudge();
    }

    public void Close(LaneId lane)
    {
        // It may have come back meanwhile.
        if (target.LanesOf(this).Contains(lane))
            return;
        _opened.Remove(lane);
        _closed.Add(lane);
        Nudge();
    }

    public void Crash(TimeSpan downtime)
    {
        if (_machine is null)
            return;
        world.Coverage.Note(Event.TargetCrash);
        world.Trace.Add("target crash", Name);
        _machine = null;
        _busy = false;
        _life++;
        if (world.Carrier is SimQueue queue)
            queue.Return(target.Name, _unacknowledged);
        _unacknowledged = [];
        world.Scheduler.After(downtime, Start);
    }

    public void Sleep(TimeSpan duration) => _asleepUntil = world.Scheduler.Now + duration;

    public void WakeUp() => _asleepUntil = TimeSpan.Zero;

    public void Hear(Heartbeat heartbeat)
    {
        if (_machine is null)
            return;
        if (world.Faults.Strikes(world.Faults.LostHeartbeats, world.Random, 0.2))
        {
            world.Coverage.Note(Event.HeartbeatLost);
            return;
        }
        // The companion destination keeps its order.
        var arrives = world.Scheduler.Now + world.Random.Seconds(0.001, world.Random.Chance(0.1) ? 2 : 0.05);
        _lastWord = arrives = arrives > _lastWord ? arrives : _lastWord;
        Later(
            arrives - world.Scheduler.Now,
            () =>
            {
                _words.Add(heartbeat);
                Nudge();
            }
        );
    }

    /// <summary>Something may have arrived.</summary>
    public void Nudge()
    {
        if (_machine is null || _busy)
            return;
        _busy = true;
        var slow = world.Faults.Strikes(world.Faults.SlowTargets, world.Random, 0.4);
        Later(slow ? world.Random.Seconds(0.2, 4) : world.Random.Seconds(0.0005, 0.02), Poll);
    }

    private void Poll()
    {
        var delivery =
            _receiver is { } receiver ? FromReceiver(receiver)
            : world.Carrier is SimQueue queue ? FromQueue(queue)
            : FromLog((SimLog)world.Carrier);
        if (delivery is null)
        {
            _busy = false;
            return;
        }
        // What was read is applied a little later: the log may change in between.
        Later(world.Random.Seconds(0.0005, 0.01), () => Apply(delivery));
    }

    private Delivery? FromReceiver(ITransportReceiver receiver)
    {
        using var look = new CancellationTokenSource();
        var receiving = receiver.ReceiveAsync(world.Random.Between(1, 8), look.Token);
        if (receiving.IsCompleted)
            return receiving.Result;
        // Nothing is there: whoever brings something nudges.
        look.Cancel();
        return null;
    }

    private Delivery? FromLog(SimLog log)
    {
        var batches = new List<LaneBatch>();
        foreach (var lane in _reading.Keys.OrderBy(l => l.Number))
        {
            if (_closed.Contains(lane))
                continue;
            var records = log.Read(lane, _reading[lane], world.Random.Between(1, 8));
            var end = log.EndOf(lane);
            var last = records.Count > 0 && log.Read(lane, records[^1].Position + 1, 1).Count > 0;
            var next = last ? records[^1].Position + 1 : end;
            if (records.Count == 0 && _tailTold.GetValueOrDefault(lane, -1) == next)
                continue;
            _tailTold[lane] = last ? -1 : next;
            batches.Add(
                new(lane, [.. records.Select(r => r.Received)], next, AtTail: !last)
                {
                    HasGaps = !log.Abilities.ConditionalAppend && records.Count < next - _reading[lane],
                }
            );
            _reading[lane] = next;
        }
        var words = _words.ToList();
        if (batches.Count == 0 && _opened.Count == 0 && _closed.Count == 0 && words.Count == 0)
            return null;
        var delivery = new Delivery
        {
            Closed = [.. _closed],
            Opened = [.. _opened.Select(l => new LaneOpened(l, world.Incarnation, log.EndOf(l)))],
            Batches = batches,
            Heartbeats = words,
        };
        foreach (var lane in _closed)
            _reading.Remove(lane);
        _closed.Clear();
        _opened.Clear();
        _words.Clear();
        return delivery;
    }

    private Delivery? FromQueue(SimQueue queue)
    {
        if (!queue.Has(target.Name))
            _opened.AddRange(target.LanesOf(this).Except(_opened));
        // Bound before anything is asked for.
        var isNew = _opened.Count > 0 && queue.Bind(target.Name);
        if (isNew)
            world.Coverage.Note(Event.QueueMade);
        var opened = _opened.Select(l => new LaneOpened(l, 0, 0) { ReplyTo = target.Name, IsNew = isNew }).ToList();
        _opened.Clear();
        _unacknowledged = opened.Count > 0 ? [] : queue.Take(target.Name, world.Random.Between(1, 8));
        if (opened.Count == 0 && _unacknowledged.Count == 0)
            return null;
        return opened.Count > 0
            ? new() { Opened = opened }
            : SimQueue.Delivery(target.LanesOf(this), _unacknowledged, atTail: queue.IsEmpty(target.Name));
    }

    private void Apply(Delivery delivery)
    {
        var machine = _machine!;
        IReplicaUnit? unit = null;
        if (Apply(machine, delivery, ref unit))
            Finish(machine);
        // A transaction that did not commit leaves nothing, and lets the next one in.
        unit?.DisposeAsync().AsTask().Wait();
    }

    private bool Apply(ApplyMachine machine, Delivery delivery, ref IReplicaUnit? unit)
    {
        var commands = new Queue<ApplyCommand>(machine.Deliver(delivery));
        while (commands.TryDequeue(out var command))
        {
            if (world.Faults.Strikes(world.Faults.TargetCrashes, world.Random, 0.003))
            {
                Crash(world.Random.Seconds(0.1, 5));
                return false;
            }
            switch (command)
            {
                case ApplyCommand.Seek seek when _receiver is not null:
                    _receiver.SeekAsync(seek.Lane, seek.Position, default).AsTask().Wait();
                    break;
                case ApplyCommand.Seek seek:
                    _reading[seek.Lane] = seek.Position;
                    _tailTold.Remove(seek.Lane);
                    break;
                case ApplyCommand.Load load:
                    unit = target.Begin(load.Keys);
                    foreach (var next in machine.Loaded(unit, Now))
                        commands.Enqueue(next);
                    break;
                case ApplyCommand.Commit commit when world.Faults.Strikes(world.Faults.TargetStoreFailures, world.Random, 0.02):
                    world.Coverage.Note(Event.TargetStoreFailed);
                    if (world.Random.Chance(0.5))
                    {
                        Commit(unit, commit.Plan, delivery);
                        unit = null;
                    }
                    Later(world.Random.Seconds(0.01, 1), () => Apply(delivery));
                    return false;
                case ApplyCommand.Commit commit:
                    Commit(unit, commit.Plan, delivery);
                    unit = null;
                    break;
                case ApplyCommand.Acknowledge when world.Carrier is SimQueue:
                    // A transaction still open keeps others out: it is asked itself.
                    target.Checks.Covered(
                        "an acknowledgement",
                        delivery,
                        _ => true,
                        unit is null ? target.Find : unit.Find,
                        unit is null ? target.FindParked : unit.FindParked,
                        unit is null ? target.FindWaiting : unit.FindWaiting,
                        machine.FloorEpoch
                    );
                    _unacknowledged = [];
                    break;
            }
        }
        return true;
    }

    private void Commit(IReplicaUnit? unit, ReplicaPlan plan, Delivery delivery)
    {
        unit ??= target.Begin([]);
        unit.CommitAsync(plan, default).AsTask().Wait();
        target.Checks.Committed(plan, delivery, target.Find);
        var positions = plan.Positions.Select(p => p.Lane).ToHashSet();
        target.Checks.Covered(
            "a position",
            delivery,
            positions.Contains,
            target.Find,
            target.FindParked,
            target.FindWaiting,
            _machine!.FloorEpoch
        );
        var contents = target.Contents;
        target.Checks.Sums(contents);
        if (plan.Waiting.Exists(w => w.Patches.Count > 0))
            world.Coverage.Note(Event.PatchWaited);
        _questions!.Committed(plan);
        foreach (var batch in delivery.Batches)
        foreach (var received in batch.Events)
            world.Trace.Add(
                "  applied",
                $"{Name} {received.Event?.Key ?? received.Key ?? "?"}",
                received.Event?.Revision.Number ?? -1,
                received.Position
            );
        world.Trace.Add("applied", Name, contents.Counters.Received, contents.Parked);
        if (contents.Parked > 0 && target.IsOld && plan.Park.Exists(p => p.Event is not null))
            world.Coverage.Note(Event.Unreadable);
    }

    private void Finish(ApplyMachine machine)
    {
        var commands = new Queue<ApplyCommand>(machine.Finished(Now));
        while (commands.TryDequeue(out var command))
        {
            if (world.Faults.Strikes(world.Faults.TargetCrashes, world.Random, 0.003))
            {
                Crash(world.Random.Seconds(0.1, 5));
                return;
            }
            switch (command)
            {
                case ApplyCommand.Commit commit:
                    target.Begin([]).CommitAsync(commit.Plan, default).AsTask().Wait();
                    machine.Stored(commit.Plan);
                    if (!commit.Plan.BecameLive)
                        break;
                    world.Coverage.Note(Event.BecameLive);
                    world.Trace.Add("live", Name);
                    break;
                case ApplyCommand.Drop drop:
                    if (!Drop(machine, drop.Due))
                        return;
                    foreach (var next in machine.Dropped(drop.Due))
                        commands.Enqueue(next);
                    _writes!.RetryParked(machine, Now);
                    break;
            }
        }
        Ask();
        _questions!.Ask();
        _questions!.AskForRanges(machine);
        _busy = false;
        Nudge();
    }

    private void AskLater() =>
        Later(
            TimeSpan.FromSeconds(1),
            () =>
            {
                if (_machine is { } machine && !_busy)
                    _questions!.AskForRanges(machine);
                // Nothing else tells of a queue that is gone.
                Nudge();
                AskLater();
            }
        );

    // A key a transaction: it may die in between.
    private bool Drop(ApplyMachine machine, DueDrop due)
    {
        foreach (var row in target.Store.EnumerateAsync(default).ToBlockingEnumerable().Where(due.Concerns).ToList())
        {
            if (world.Faults.Strikes(world.Faults.TargetCrashes, world.Random, 0.05))
            {
                Crash(world.Random.Seconds(0.1, 5));
                return false;
            }
            world.Trace.Add("drop", $"{Name} {row.Key}", row.Revision.Epoch, due.FloorEpoch);
            if (due.Sweep is not null)
                world.Coverage.Note(Event.OrphanRemoved);
            _writes!.Write([row.Key], unit => machine.PlanDrop(due, unit, [row.Key], Now));
        }
        return true;
    }

    /// <summary>Asks the replica how fresh it is, and judges the answer.</summary>
    public void Ask()
    {
        if (_machine is null)
            return;
        world.Freshness.Asked(Name, _machine.Progress, target.Contents, Now, target.Find);
    }

    private void Later(TimeSpan delay, Action action)
    {
        var life = _life;
        world.Scheduler.After(delay, Run);

        void Run()
        {
            if (life != _life)
                return;
            if (_asleepUntil > world.Scheduler.Now)
                world.Scheduler.At(_asleepUntil, Run);
            else
                action();
        }
    }
}
