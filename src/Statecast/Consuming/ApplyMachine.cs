using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>
/// A target's side as a step function without I/O: deliveries and answers in, commands out. One delivery at a time.
/// The driver executes the commands in order; if one fails it hands the same delivery in again.
/// </summary>
public sealed class ApplyMachine
{
    private readonly ApplyPlanner _planner;
    private readonly ApplyRules _rules;
    private ApplyBatch? _current;

    // The lowest epoch that a row can have; 0 for any.
    private long _lowestEpoch;

    /// <summary>A machine for an opened store.</summary>
    /// <param name="contents">What the store holds.</param>
    /// <param name="planner">Plans what is written.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="partitioned">Whether the replica holds only the lanes that it is given.</param>
    /// <param name="retained">Whether the carrier is a log; false for a queue.</param>
    public ApplyMachine(ReplicaContents contents, ApplyPlanner planner, ApplyRules rules, bool partitioned = false, bool retained = true)
    {
        _planner = planner;
        _rules = rules;
        // A store that held nothing holds what this machine planned, unless others write to it too.
        _lowestEpoch = !partitioned && contents is { Keys: 0, Parked: 0, WaitingKeys.Count: 0 } ? long.MaxValue : 0;
        Progress = new(contents, rules, partitioned, retained);
    }

    /// <summary>Completeness and freshness.</summary>
    public ReplicaProgress Progress { get; }

    /// <summary>Everything below this epoch is superseded; 0 for none.</summary>
    public long FloorEpoch => Progress.FloorEpoch;

    /// <summary>A delivery arrived, or is handed in again after a failure.</summary>
    public IReadOnlyList<ApplyCommand> Deliver(Delivery delivery, DateTimeOffset now = default)
    {
        var batch = new ApplyBatch(delivery);
        _planner.Read(batch);
        return Deliver(batch, now);
    }

    /// <summary>The same, with a delivery that was prepared.</summary>
    internal IReadOnlyList<ApplyCommand> Deliver(ApplyBatch batch, DateTimeOffset now)
    {
        var delivery = batch.Delivery;
        var commands = new List<ApplyCommand>();
        foreach (var lane in delivery.Closed)
            Progress.Close(lane);
        foreach (var opened in delivery.Opened)
            commands.Add(new ApplyCommand.Seek(opened.Lane, Progress.Open(opened, now)));
        _current = batch;
        if (delivery.Batches.Count > 0)
            commands.Add(new ApplyCommand.Load(batch.Keys));
        else
            commands.Add(new ApplyCommand.Acknowledge(delivery));
        return commands;
    }

    /// <summary>The keys of the current delivery are loaded.</summary>
    public IReadOnlyList<ApplyCommand> Loaded(IReplicaUnit unit, DateTimeOffset now)
    {
        var current = _current ?? throw new InvalidOperationException("Loaded without a delivery.");
        var delivery = current.Delivery;
        var plan = _planner.Plan(current, unit, Progress.WasLive, FloorEpoch, now);
        foreach (var batch in delivery.Batches)
            if (Progress.IsOpen(batch.Lane))
                plan.Positions.Add(Progress.PositionAfter(batch, now));
        foreach (var row in plan.Rows)
            _lowestEpoch = Math.Min(_lowestEpoch, row.Revision.Epoch);
        foreach (var parked in plan.Park)
            _lowestEpoch = Math.Min(_lowestEpoch, parked.Event?.Revision.Epoch ?? long.MaxValue);
        foreach (var patch in plan.Waiting.SelectMany(w => w.Patches))
            _lowestEpoch = Math.Min(_lowestEpoch, patch.Revision.Epoch);
        return _rules.Order(plan, delivery);
    }

    /// <summary>
    /// The current delivery is done: positions count, heartbeats are heard. Returns what that asks for: a floor to store, rows to drop, or a last commit if the
    /// replica is complete for the first time.
    /// </summary>
    public IReadOnlyList<ApplyCommand> Finished(DateTimeOffset now)
    {
        var delivery = _current?.Delivery ?? throw new InvalidOperationException("Finished without a delivery.");
        _current = null;
        foreach (var batch in delivery.Batches)
            Progress.Applied(batch, now);
        foreach (var heartbeat in delivery.Heartbeats)
            Progress.Heard(heartbeat, now);
        return Settle();
    }

    /// <summary>A commit that <see cref="Finished"/> or <see cref="Dropped"/> asked for took effect.</summary>
    public void Stored(ReplicaPlan plan) => Progress.Stored(plan);

    /// <summary>Plans a page of a drop.</summary>
    /// <param name="due">The drop.</param>
    /// <param name="unit">The loaded rows.</param>
    /// <param name="keys">Their keys.</param>
    /// <param name="now">For handlers' pending changes.</param>
    public ReplicaPlan PlanDrop(DueDrop due, IReplicaUnit unit, IReadOnlyCollection<string> keys, DateTimeOffset now) =>
        _planner.Drop(keys, unit, Progress.WasLive, due, now);

    /// <summary>A drop is done. Returns what follows.</summary>
    public IReadOnlyList<ApplyCommand> Dropped(DueDrop due)
    {
        Progress.Dropped(due);
        return Settle(due);
    }

    // The floor is stored before anything is dropped by it: nothing below may come in again after a crash.
    private List<ApplyCommand> Settle(DueDrop? dropped = null)
    {
        var commands = new List<ApplyCommand>();
        if (Progress.DueDrop is { } due && due.FloorEpoch > _lowestEpoch)
        {
            if (Progress.FloorToStore is { } floor)
                commands.Add(new ApplyCommand.Commit(new ReplicaPlan { FloorEpoch = floor }));
            commands.Add(new ApplyCommand.Drop(due));
            return commands;
        }
        if (Progress.DueDrop is { } nothingLower)
            Progress.Dropped(dropped = nothingLower);
        if (Progress.DueSweep is { } sweep)
        {
            // What a floor or another lane's run made true is stored with what follows.
            commands.Add(new ApplyCommand.Drop(sweep));
            return commands;
        }
        var plan = new ReplicaPlan { FloorEpoch = Progress.FloorToStore, BecameLive = Progress.BecomesLive };
        if (plan.BecameLive)
            plan.Source = Progress.Newest?.Source;
        plan.Positions.AddRange((dropped?.Lanes ?? []).Where(Progress.IsOpen).Select(l => Progress.PositionOf(l)));
        if (plan.FloorEpoch is not null || plan.BecameLive || plan.Positions.Count > 0)
            commands.Add(new ApplyCommand.Commit(plan));
        return commands;
    }
}
