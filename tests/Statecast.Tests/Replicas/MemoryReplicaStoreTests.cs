using System.Runtime.CompilerServices;
using Statecast.Conformance.Replicas;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Xunit;
using static Statecast.Conformance.Replicas.ReplicaSamples;

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
    [Fact]
    public async Task Body_of_a_state_that_a_newer_one_replaced_is_not_kept()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "one"));
        var replaced = await PendWeakly(store);
        await Pend(store, Change("a", 3, "three"));
        GC.Collect();
        Assert.False(replaced.IsAlive);
        Assert.Single(await All(store));
    }

    // In a frame of its own, so that nothing of it stays referenced.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> PendWeakly(IReplicaStore store)
    {
        var change = Change("a", 2, "two");
        var weak = new WeakReference(change.Current);
        await Pend(store, change);
        return weak;
    }

    protected override IReplicaStore Create() => new MemoryReplicaStore();
}
