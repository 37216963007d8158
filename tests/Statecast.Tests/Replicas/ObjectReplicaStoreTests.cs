using Statecast.Conformance.Replicas;
using Statecast.Replicas;
using Statecast.Replicas.Objects;

namespace Statecast.Tests.Replicas;

/// <summary>The store of objects keeps every promise of the seam but to outlive its process.</summary>
public sealed class ObjectReplicaStoreTests : ReplicaStoreConformance
{
    protected override bool Durable => false;

    protected override IReplicaStore Create() => new ObjectReplicaStore();
}

/// <summary>The same for handlers' pending work.</summary>
public sealed class ObjectReplicaInboxTests : ReplicaInboxConformance
{
    protected override IReplicaStore Create() => new ObjectReplicaStore();
}
