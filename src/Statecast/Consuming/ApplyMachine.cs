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

    /// <summary>A machine for an opened store.</summary>
    public ApplyMachine(ReplicaContents contents, ApplyPlanner planner, ApplyRules rules, bool partitioned = false)
    {
        _planner = planner;
        _rules = rules;
        FloorEpoch = contents.FloorEpoch;
        Progress = new(contents, rules, partitioned);
    }

    /// <summary>Completeness and freshness.</summary>
    public ReplicaProgress Progress { get; }

    /// <summary>Everything below this epoch is superseded; 0 for none.</summary>
    public long FloorEpoch { get; }

    /// <summary>A delivery arrived, or is handed in again after a failure.</summary>
    public IReadOnlyList<ApplyCommand> Deliver(Delivery delivery) => Deliver(new ApplyBatch(delivery));

    /// <summary>The same, with a delivery that was prepared.</summary>
    internal IReadOnlyList<ApplyCommand> Deliver(ApplyBatch batch)
    {
        var delivery = batch.Delivery;
        var commands = new List<ApplyCommand>();
        foreach (var lane in delivery.Closed)
            Progress.Close(lane);
        foreach (var opened in delivery.Opened)
            commands.Add(new ApplyCommand.Seek(opened.Lane, Progress.Open(opened.Lane, opened.Incarnation, opened.End)));
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
                plan.Positions.Add(new(batch.Lane, Progress.IncarnationOf(batch.Lane), batch.Next));
        return _rules.Order(plan, delivery);
    }

    /// <summary>The current delivery is done: positions count, heartbeats are heard. Returns a last commit if the replica is complete for the first time.</summary>
    public IReadOnlyList<ApplyCommand> Finished(DateTimeOffset now)
    {
        var delivery = _current?.Delivery ?? throw new InvalidOperationException("Finished without a delivery.");
        _current = null;
        foreach (var batch in delivery.Batches)
            Progress.Applied(batch.Lane, batch.Next, batch.AtTail);
        foreach (var heartbeat in delivery.Heartbeats)
            Progress.Heard(heartbeat, now);
        if (!Progress.BecomesLive)
            return [];
        return [new ApplyCommand.Commit(new ReplicaPlan { BecameLive = true })];
    }
}
