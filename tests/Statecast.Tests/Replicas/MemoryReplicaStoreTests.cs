using Statecast.Conformance.Replicas;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;

namespace Statecast.Tests.Replicas;

/// <summary>The store without a file keeps every promise of the seam but to outlive its process.</summary>
public sealed class MemoryReplicaStoreTests : ReplicaStoreConformance
{
    protected override bool Durable => false;

    protected override IReplicaStore Create() => new MemoryReplicaStore();
}

/// <summary>The same for handlers' pending work.</summary>
public sealed class MemoryReplicaInboxTests : ReplicaInboxConformance
{
    protected override IReplicaStore Create() => new MemoryReplicaStore();
}
