using Statecast.Replicas;
using Xunit;
using static Statecast.Conformance.Replicas.ReplicaSamples;

namespace Statecast.Conformance.Replicas;

/// <summary>What a store that outlives its process must do besides: snapshots, and one place for one replica.</summary>
public abstract class DurableReplicaStoreConformance : ReplicaStoreConformance
{
    [Fact]
    public async Task Enumeration_is_one_snapshot()
    {
        await using var store = await Opened();
        await Commit(store, Plan(Row("a", 1, "old"), Row("b", 1, "old"), Row("c", 1, "old")));
        var seen = new List<string>();
        await foreach (var row in store.EnumerateAsync(Ct))
        {
            if (seen.Count == 0)
                await Commit(store, Plan(Row("a", 2, "new"), Row("b", 2, "new"), Tombstone("c", 2), Row("d", 1, "new")));
            seen.Add($"{row.Key}={Value(row)}");
        }
        Assert.Equal(["a=old", "b=old", "c=old"], seen);
        Assert.Equal(["a", "b", "d"], await Keys(store.EnumerateAsync(Ct)));
    }

    [Fact]
    public async Task Two_replicas_of_one_layout_name_never_share_a_store()
    {
        await using var store = await Opened();
        await using var other = Create();
        await Assert.ThrowsAsync<ReplicaStoreException>(async () => await other.OpenAsync(Layout(), Ct));
        await Commit(store, Plan(Row("a", 1, "x")));
    }
}
