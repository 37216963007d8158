using Statecast.Events;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Processes;
using Statecast.Simulation.Source;
using Statecast.Transport;

namespace Statecast.Simulation.Carriers;

/// <summary>A batch on its way.</summary>
/// <param name="Relay">Who sent it.</param>
/// <param name="Life">Which life of the sender: a restarted process has connections of its own.</param>
/// <param name="Events">What is sent.</param>
/// <param name="EmittedAt">When the relay decided to send it.</param>
/// <param name="HandedAt">When the client took it.</param>
/// <param name="HeldLease">Whether the sender's lease was really held then.</param>
internal sealed record SimBatch(
    SimRelay Relay,
    int Life,
    IReadOnlyList<StateEvent> Events,
    TimeSpan EmittedAt,
    TimeSpan HandedAt,
    bool HeldLease
)
{
    /// <summary>Whether the sender slept between its check of the lease and the hand-over.</summary>
    public bool Slept => HandedAt - EmittedAt > TimeSpan.FromSeconds(1);

    /// <summary>Whether it lands although its sender was told that the delivery time-out had passed.</summary>
    public bool Late { get; init; }
}

/// <summary>A carrier in memory: when and whether events land, and what the sender hears of it. What landing means differs by carrier.</summary>
internal abstract class SimCarrier(SimWorld world)
{
    private readonly Dictionary<(SimRelay, int), TimeSpan> _lastLanding = [];
    private readonly Dictionary<LaneId, TimeSpan> _outages = [];
    private readonly Dictionary<(LaneId Lane, long Epoch, Guid Lease), long> _marks = [];

    protected SimWorld World { get; } = world;

    public abstract TransportAbilities Abilities { get; }

    /// <summary>The key that the carrier refuses, until healed.</summary>
    public string? PoisonedKey { get; set; }

    public void Outage(LaneId lane, TimeSpan duration) => _outages[lane] = World.Scheduler.Now + duration;

    public void Heal() => _outages.Clear();

    public virtual void Send(SimBatch batch, Action<IReadOnlyList<SendOutcome>?> heard)
    {
        var random = World.Random;
        var faults = World.Faults;
        var timeout = World.Options.DeliveryTimeout;
        if (faults.Strikes(faults.LateLandings, random, 0.04) || (!faults.Healed && World.Restores.HoldsTail))
        {
            World.Coverage.Note(Event.LateLanding);
            World.Scheduler.After(timeout + random.Seconds(0.5, 15), () => Land(batch with { Late = true }, batch.Events.Count));
            World.Scheduler.After(timeout, () => heard(Unknown(batch)));
            return;
        }
        // Who slept finds its connection broken and needs a new one.
        var slow = faults.Strikes(faults.SlowLandings || batch.Slept, random, batch.Slept ? 0.7 : 0.15);
        var landing = World.Scheduler.Now + (slow ? random.Seconds(0.5, timeout.TotalSeconds * 0.95) : random.Seconds(0.001, 0.03));
        // One connection keeps the order in which it was given batches.
        if (_lastLanding.TryGetValue((batch.Relay, batch.Life), out var last) && landing < last)
            landing = last;
        if (landing - batch.HandedAt >= timeout)
        {
            // Expired in the client before it was sent.
            World.Scheduler.After(timeout, () => heard(Unknown(batch)));
            return;
        }
        _lastLanding[(batch.Relay, batch.Life)] = landing;
        var broken = faults.Strikes(faults.UnknownSends, random, 0.12);
        var arrives = broken ? random.Next(batch.Events.Count + 1) : batch.Events.Count;
        var answer = broken ? random.Seconds(0.01, 1) : random.Seconds(0.001, 0.02);
        World.Scheduler.At(
            landing,
            () =>
            {
                var outcomes = Land(batch, arrives);
                if (broken)
                    World.Coverage.Note(arrives > 0 ? Event.UnknownLanded : Event.UnknownLost);
                World.Scheduler.After(answer, () => heard(broken ? (random.Chance(0.5) ? null : Unknown(batch)) : outcomes));
            }
        );
    }

    /// <summary>Who sent what, as far as it arrived.</summary>
    public virtual IReadOnlyList<SentMark> Marks() => [.. _marks.Select(m => new SentMark(m.Key.Lane, m.Key.Epoch, m.Key.Lease, m.Value))];

    protected void Mark(LaneId lane, long epoch, Guid lease, long number) =>
        _marks[(lane, epoch, lease)] = Math.Max(number, _marks.GetValueOrDefault((lane, epoch, lease)));

    public abstract IReadOnlyList<LaneEnd> Ends(IReadOnlyCollection<LaneId> lanes);

    public abstract IReadOnlyList<LogRecord> ReadBack(LaneId lane, long from, long end);

    /// <summary>The source's word arrived at the carrier.</summary>
    public abstract void Heartbeat(Heartbeat heartbeat);

    /// <summary>Whether every change committed before the word's clock lies where the word says.</summary>
    public abstract bool IsCovered(string key, StateRevision revision, Heartbeat heartbeat);

    /// <summary>One event arrives.</summary>
    protected abstract SendOutcome Take(StateEvent stateEvent, SimBatch batch);

    protected List<SendOutcome> Land(SimBatch batch, int arrives)
    {
        var outcomes = new List<SendOutcome>(batch.Events.Count);
        for (var i = 0; i < batch.Events.Count; i++)
        {
            var stateEvent = batch.Events[i];
            if (i >= arrives)
                outcomes.Add(new(SendResult.Unknown));
            else if (stateEvent.Key == PoisonedKey || (_outages.TryGetValue(stateEvent.Lane, out var until) && until > World.Scheduler.Now))
            {
                World.Coverage.Note(stateEvent.Key == PoisonedKey ? Event.PoisonedKey : Event.SendFailed);
                outcomes.Add(new(SendResult.Failed, Reason: "refused"));
            }
            else
            {
                World.Sums.Landed(stateEvent);
                World.Restores.Landed(stateEvent, batch);
                Mark(stateEvent.Lane, stateEvent.Revision.Epoch, stateEvent.LeaseId, stateEvent.LaneNumber);
                var outcome = Take(stateEvent, batch);
                World.Trace.Add("landed", stateEvent.Key, stateEvent.Revision.Number, (long)outcome.Result);
                if (World.Faults.Strikes(World.Faults.NoPositions, World.Random, 0.3))
                    outcome = outcome with { Position = 0 };
                outcomes.Add(outcome);
            }
        }
        World.Targets.ForEach(t => t.Nudge());
        return outcomes;
    }

    private static SendOutcome[] Unknown(SimBatch batch) => [.. batch.Events.Select(_ => new SendOutcome(SendResult.Unknown))];
}
