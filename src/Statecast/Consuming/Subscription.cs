using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>Everything that one replica's loops share.</summary>
internal sealed class Subscription
{
    public required string Target { get; init; }
    public required string? Instance { get; init; }
    public required StateContract Contract { get; init; }

    /// <summary>The contract whose destination is read: the contract itself, or an older major of it.</summary>
    public required StateContract Reads { get; init; }
    public required ITransport Transport { get; init; }
    public required IReplicaStore Store { get; init; }

    /// <summary>Whether the store keeps state objects: a carrier that hands them along need not encode them.</summary>
    public bool TakesObjects { get; init; }

    /// <summary>Whether instances of the service share the lanes.</summary>
    public bool Shared { get; init; }

    /// <summary>Whether the replica is kept in memory.</summary>
    public bool InMemory { get; init; }

    public required ReplicaLayout Layout { get; init; }
    public required IStateReader Reader { get; init; }
    public required ApplyPlanner Planner { get; init; }
    public required ApplyRules Rules { get; init; }
    public required ReplicaStatus Status { get; init; }
    public required ApplyLimits Limits { get; init; }

    /// <summary>How often a loop that waits for its carrier shows that it lives.</summary>
    public required TimeSpan Beat { get; init; }

    /// <summary>Who waits for a state to be applied and handled.</summary>
    public ChangeWatches Watches { get; } = new();

    /// <summary>Set when handlers have something to do.</summary>
    public AsyncSignal PendingWork { get; } = new();
}
