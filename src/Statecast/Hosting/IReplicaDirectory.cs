using Statecast.Replicas;

namespace Statecast.Hosting;

/// <summary>Finds the reading side of a declared replica.</summary>
internal interface IReplicaDirectory
{
    /// <summary>The replica of a destination.</summary>
    IReplica<TKey, TState> ReplicaOf<TKey, TState>(string destination)
        where TKey : notnull
        where TState : class;
}
