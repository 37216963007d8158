using Statecast.Events;
using Xunit;
using static Statecast.Tests.Consuming.PlannerWorld;

namespace Statecast.Tests.Consuming;

/// <summary>All majors of a contract share a key's revisions: one says again what a row has of another, in other bytes.</summary>
public sealed class MovedReplicaPlanTests
{
    private readonly PlannerWorld _world = new(0, "mail");

    [Fact]
    public async Task Change_that_the_row_has_of_another_major_is_not_announced_again()
    {
        await _world.Apply(Event("k", 5, "a"));
        await Done();
        var plan = await _world.Apply(Again("a"));
        Assert.Empty(plan.Pending);
        // The row is of the other major now, and was not written for a second time.
        var row = Assert.Single(plan.Rows);
        Assert.Equal((2, 1L, StateOperation.Upsert), (row.Major, row.Writes, row.Operation));
        Assert.Equal(new(1, 1, 0, 0), plan.Counters);
    }

    [Fact]
    public async Task State_that_is_another_one_in_the_other_major_is_announced()
    {
        await _world.Apply(Event("k", 5, "a"));
        await Done();
        Assert.Single((await _world.Apply(Again("more"))).Pending);
    }

    [Fact]
    public async Task Change_that_only_a_silent_snapshot_brought_is_announced()
    {
        await _world.Apply(Event("k", 4, "a"));
        await Done();
        await _world.Apply(Event("k", 5, "a", StateOperation.Snapshot));
        Assert.Empty(await _world.Pending());
        Assert.Single((await _world.Apply(Again("a"))).Pending);
    }

    [Fact]
    public async Task Equal_revision_with_other_content_in_one_major_is_announced_as_ever()
    {
        await _world.Apply(Event("k", 5, "a"));
        await Done();
        Assert.Single((await _world.Apply(Event("k", 5, "a", schema: "s2"))).Pending);
    }

    [Fact]
    public async Task Next_change_of_the_same_batch_is_announced()
    {
        await _world.Apply(Event("k", 5, "a"));
        await Done();
        var plan = await _world.Apply(Again("a"), Again("b", revision: 6));
        Assert.Equal(6, Assert.Single(plan.Pending).Revision.Number);
    }

    [Fact]
    public async Task Key_went_back_only_if_its_state_is_another_one_in_the_other_major()
    {
        await _world.Apply(Event("same", 5, "a"), Event("lost", 5, "a"));
        var plan = await _world.Apply(Again("a", key: "same", epoch: 2), Again("b", key: "lost", epoch: 2));
        Assert.Equal([("lost", 2L)], plan.WentBack);
    }

    private static StateEvent Again(string state, long revision = 5, string key = "k", long epoch = 1) =>
        Event(key, revision, state, epoch: epoch, schema: "s2") with
        {
            Lane = new("shop.order.v2", 0),
        };

    private async Task Done()
    {
        foreach (var change in await _world.Pending())
            await _world.Store.Inbox.CompleteAsync(change, default);
    }
}
