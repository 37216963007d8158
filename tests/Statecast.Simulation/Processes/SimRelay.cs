using Statecast.Events;
using Statecast.Outbox;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Source;

namespace Statecast.Simulation.Processes;

/// <summary>A process with the real relay machine. It can die at any step, and sleep at any: also between a decision and its execution.</summary>
internal sealed class SimRelay(SimWorld world, string name)
{
    private RelayMachine? _machine;
    private int _life;
    private TimeSpan _asleepUntil;
    private long _tick;
    private Guid _leaseId;

    public string Name { get; } = name;

    public bool IsActive => _machine?.Phase == RelayPhase.Active;

    public void Start()
    {
        // A source in memory and its relay are one component: they come back together.
        (world.Source as SimMemorySource)?.Start();
        var shard = new RelayShard(
            SimContent.Carrier,
            "sim",
            Name,
            world.Carrier.Abilities,
            [new(SimContent.Destination, SimContent.Contract, world.Lanes)]
        );
        _machine = new(shard, world.Options, world.Rules.Relay(), world.Random);
        _life++;
        Give(new RelayInput.Started());
    }

    public void Crash(TimeSpan downtime)
    {
        if (_machine is null)
            return;
        world.Coverage.Note(Event.RelayCrash);
        world.Trace.Add("relay crash", Name);
        _machine = null;
        _asleepUntil = TimeSpan.Zero;
        _life++;
        world.Scheduler.After(downtime, Start);
    }

    public void Sleep(TimeSpan duration)
    {
        if (_machine is null)
            return;
        world.Coverage.Note(Event.RelaySlept);
        world.Trace.Add("relay sleeps", Name, duration.Ticks);
        _asleepUntil = world.Scheduler.Now + duration;
    }

    public void WakeUp() => _asleepUntil = TimeSpan.Zero;

    /// <summary>The database may hold new rows.</summary>
    public void Nudge()
    {
        if (_machine is null)
            return;
        if (world.Faults.Strikes(world.Faults.LostWakes, world.Random, 0.5))
            world.Coverage.Note(Event.WakeLost);
        else
            Later(world.Random.Seconds(0.0005, 0.005), () => Give(new RelayInput.Woken()));
    }

    private void Give(RelayInput input)
    {
        foreach (var command in _machine!.Step(world.Scheduler.Now, input))
            Execute(command);
        var counters = _machine.Counters;
        if (counters.Seen != counters.Sent + counters.Coalesced + counters.Superseded + _machine.InHand)
            throw new Violation(Checker.NothingSkipped, $"{Name}: the sums do not agree: {counters}, in hand {_machine.InHand}");
    }

    // Everything that this process does itself waits while it sleeps, and never happens once it died.
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

    private void Execute(RelayCommand command)
    {
        switch (command)
        {
            case RelayCommand.Acquire c:
                Store(
                    c.Id,
                    () =>
                    {
                        var grant = world.Source.Outbox.Acquire(c.Request);
                        return new RelayInput.LeaseAnswered(c.Id, grant);
                    }
                );
                break;
            case RelayCommand.Read c:
                world.Trace.Add("read", Name, c.Query.After, c.Query.Limit);
                Store(c.Id, () => new RelayInput.OutboxRead(c.Id, world.Source.Outbox.Read(c.Query)));
                break;
            case RelayCommand.Commit c:
                world.Trace.Add("commit", Name, c.Change.Claims.Count, c.Change.Done.Count);
                if (c.Change.Coalesced.Count > 0)
                    world.Coverage.Note(Event.Coalesced);
                Store(
                    c.Id,
                    () =>
                    {
                        var held = world.Source.Outbox.Commit(c.Change);
                        // The gap between a durable claim and the decision to send it.
                        if (world.Faults.Strikes(world.Faults.RelaySleeps, world.Random, 0.01))
                            Sleep(Pause());
                        return new RelayInput.Committed(c.Id, held);
                    }
                );
                break;
            case RelayCommand.Release c:
                Store(
                    c.Id,
                    () =>
                    {
                        world.Source.Outbox.Release(c.LeaseId);
                        return new RelayInput.Released(c.Id);
                    }
                );
                break;
            case RelayCommand.Send c:
                // The gap between the check of the lease and the hand-over: a process may sleep in it.
                if (world.Faults.Strikes(world.Faults.RelaySleeps, world.Random, world.Faults.Profile == Profile.Sleepers ? 0.15 : 0.02))
                    Sleep(Pause());
                var emitted = world.Scheduler.Now;
                Later(world.Random.Seconds(0.0001, 0.001), () => HandOver(c, emitted));
                break;
            case RelayCommand.ReadEnds c:
                Ask(c.Id, () => new RelayInput.EndsRead(c.Id, world.Carrier.Ends(c.Lanes), world.Carrier.Marks()));
                break;
            case RelayCommand.Look c:
                Ask(c.Id, () => new RelayInput.Looked(c.Id, world.Carrier.Marks()));
                break;
            case RelayCommand.ReadBack c:
                Ask(c.Id, () => new RelayInput.ReadBackEnded(c.Id, world.Carrier.ReadBack(c.Lane, c.From, c.End)));
                break;
            case RelayCommand.SendHeartbeat c:
                Ask(
                    c.Id,
                    () =>
                    {
                        world.Freshness.Said(c.Heartbeat);
                        world.Trace.Add("heartbeat", Name, (c.Heartbeat.Clock - SourceTruth.Origin).Ticks, c.Heartbeat.Ends[0].Position);
                        world.Carrier.Heartbeat(c.Heartbeat);
                        return new RelayInput.HeartbeatSent(c.Id);
                    }
                );
                break;
            case RelayCommand.WaitUntil c:
                var tick = ++_tick;
                Later(
                    c.Until - world.Scheduler.Now,
                    () =>
                    {
                        if (tick == _tick)
                            Give(new RelayInput.Tick());
                    }
                );
                break;
            case RelayCommand.Notice c:
                Note(c);
                break;
        }
    }

    // Often about as long as a lease, which is when it matters.
    private TimeSpan Pause() => world.Random.Chance(0.7) ? world.Random.Seconds(11, 21) : world.Random.Seconds(0.5, 45);

    private void Note(RelayCommand.Notice notice)
    {
        world.Trace.Add($"{Name} {notice.Kind}", notice.Subject);
        if (notice.Kind == RelayNotice.LogMadeAnew)
            world.Coverage.Note(Event.LogMadeAnew);
        if (notice.Kind == RelayNotice.LeaseLost)
            world.Coverage.Note(Event.LeaseLost);
        if (notice.Kind == RelayNotice.TakeOverWait)
            world.Coverage.Note(Event.TakeOverWaited);
    }

    private void HandOver(RelayCommand.Send send, TimeSpan emitted)
    {
        var held = world.Source.Outbox.Holds(_leaseId);
        if (!held)
            world.Coverage.Note(Event.ZombieHandOver);
        var life = _life;
        world.Trace.Add("hand over", Name, send.Id, held ? 1 : 0);
        // It may fall asleep again before it could renew: then only the next holder's wait keeps what it just handed over apart from newer revisions.
        if (world.Scheduler.Now - emitted > TimeSpan.FromSeconds(1) && world.Faults.Strikes(world.Faults.RelaySleeps, world.Random, 0.7))
            Sleep(world.Random.Seconds(5, 45));
        world.Carrier.Send(
            new(this, life, Numbered(send.Events), emitted, world.Scheduler.Now, held),
            outcomes =>
            {
                if (life == _life)
                    Answer(
                        outcomes is null
                            ? new RelayInput.CommandFailed(send.Id, "connection lost")
                            : new RelayInput.SendEnded(send.Id, outcomes, world.Carrier.Marks())
                    );
            }
        );
    }

    private readonly HashSet<(LaneId, long)> _sent = [];

    // Planted: a second try goes out under a number of its own.
    private IReadOnlyList<StateEvent> Numbered(IReadOnlyList<StateEvent> events) =>
        !world.Rules.RenumbersResends
            ? events
            : [.. events.Select(e => _sent.Add((e.Lane, e.LaneNumber)) ? e : e with { LaneNumber = e.LaneNumber + 1_000_000 })];

    private void Store(long id, Func<RelayInput> effect)
    {
        var faults = world.Faults;
        Later(
            world.Random.Seconds(0.0005, 0.01),
            () =>
            {
                if (faults.Strikes(faults.StoreFailures, world.Random, 0.05))
                {
                    world.Coverage.Note(Event.StoreFailedBefore);
                    Answer(new RelayInput.CommandFailed(id, "the database is away"));
                    return;
                }
                var answer = effect();
                if (answer is RelayInput.LeaseAnswered { Grant: { } grant })
                    _leaseId = grant.LeaseId;
                if (faults.Strikes(faults.StoreFailures, world.Random, 0.05))
                {
                    world.Coverage.Note(Event.StoreAnswerLost);
                    answer = new RelayInput.CommandFailed(id, "the answer was lost");
                }
                Answer(answer);
            }
        );
    }

    private void Ask(long id, Func<RelayInput> effect) =>
        Later(
            world.Random.Seconds(0.0005, 0.02),
            () =>
            {
                var lost = world.Faults.Strikes(world.Faults.LostHeartbeats, world.Random, 0.1);
                if (lost)
                    world.Coverage.Note(Event.HeartbeatLost);
                Answer(lost ? new RelayInput.CommandFailed(id, "the carrier does not answer") : effect());
            }
        );

    private void Answer(RelayInput input) => Later(world.Random.Seconds(0.0005, 0.01), () => Give(input));
}
