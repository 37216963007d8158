using Statecast.Consuming;
using Statecast.Replicas;

namespace Statecast.Hosting;

/// <summary>Finds the reading side of a declared replica.</summary>
internal interface IReplicaDirectory
{
    /// <summary>The replica of a contract, by its destination.</summary>
    IReplica<TKey, TState> ReplicaOf<TKey, TState>(string destination)
        where TKey : notnull
        where TState : class;

    /// <summary>The replica that reads a destination, from its loops' side; null if this service has none.</summary>
    Subscription? SubscriptionOf(string destination);

    /// <summary>Whether the loops were started and not stopped.</summary>
    bool IsRunning { get; }
}
