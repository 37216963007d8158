using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>What the apply machine wants done. Executed one at a time, in order; a failure starts the delivery again.</summary>
public abstract record ApplyCommand
{
    private ApplyCommand() { }

    /// <summary>Read an opened lane from here.</summary>
    public sealed record Seek(LaneId Lane, long Position) : ApplyCommand;

    /// <summary>Begin the local transaction and load these keys, then hand the unit to <see cref="ApplyMachine.Loaded"/>.</summary>
    public sealed record Load(IReadOnlyCollection<string> Keys) : ApplyCommand;

    /// <summary>Write the plan and commit, in the unit that was loaded or a fresh one.</summary>
    public sealed record Commit(ReplicaPlan Plan) : ApplyCommand;

    /// <summary>Drop the rows below the floor, page by page (<see cref="ApplyMachine.PlanDrop"/>), then say so (<see cref="ApplyMachine.Dropped"/>).</summary>
    public sealed record Drop(DueDrop Due) : ApplyCommand;

    /// <summary>Tell the carrier that the delivery is in the replica for good.</summary>
    public sealed record Acknowledge(Delivery Delivery) : ApplyCommand;
}
