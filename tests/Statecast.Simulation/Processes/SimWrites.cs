using Statecast.Consuming;
using Statecast.Replicas;

namespace Statecast.Simulation.Processes;

/// <summary>What one life of an instance writes besides its deliveries, each in a transaction of its own that the checkers see.</summary>
internal sealed class SimWrites(SimTarget target, ApplyPlanner planner, SimQuestions questions)
{
    /// <summary>Tries again what is parked, and what waits.</summary>
    public void RetryParked(ApplyMachine machine, DateTimeOffset now)
    {
        RetryWaiting(machine, now);
        var parked = target.Store.Inbox.ParkedAsync(default).ToBlockingEnumerable().ToList();
        Write([.. parked.Select(p => p.Key)], unit => planner.Retry(parked, unit, machine.Progress.WasLive, machine.FloorEpoch, now));
    }

    /// <summary>Tries again what waits for its base.</summary>
    public void RetryWaiting(ApplyMachine machine, DateTimeOffset now)
    {
        var keys = target.Contents.WaitingKeys.Select(k => k.Key).ToList();
        if (keys.Count > 0)
            Write(keys, unit => planner.RetryWaiting(keys, unit, machine.Progress.WasLive, machine.FloorEpoch, now));
    }

    /// <summary>Plans over some keys' rows, and commits.</summary>
    public void Write(IReadOnlyCollection<string> keys, Func<IReplicaUnit, ReplicaPlan> make)
    {
        var unit = target.Begin(keys);
        var plan = make(unit);
        unit.CommitAsync(plan, default).AsTask().Wait();
        target.Checks.Committed(plan, null, target.Find);
        target.Checks.Sums(target.Contents);
        questions.Committed(plan);
    }
}
