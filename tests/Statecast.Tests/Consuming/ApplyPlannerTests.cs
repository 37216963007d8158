using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Consuming.PlannerWorld;

namespace Statecast.Tests.Consuming;

public sealed class ApplyPlannerTests
{
    [Fact]
    public async Task Newest_revision_of_a_batch_wins_whatever_its_order()
    {
        var world = new PlannerWorld();
        var plan = await world.Apply(Event("k", 3, "c"), Event("k", 1, "a"), Event("k", 2, "b"));
        Assert.Equal("c", await world.StateOf("k"));
        Assert.Single(plan.Rows);
        Assert.Equal(new ReplicaCounters(3, 1, 2, 0), plan.Counters);
    }

    [Fact]
    public async Task Older_event_is_superseded_when_the_row_is_newer()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 2, "b"));
        var plan = await world.Apply(Event("k", 1, "a"));
        Assert.Empty(plan.Rows);
        Assert.Equal(new ReplicaCounters(1, 0, 1, 0), plan.Counters);
        Assert.Equal("b", await world.StateOf("k"));
    }

    [Fact]
    public async Task Higher_epoch_beats_any_revision()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 90, "old"));
        await world.Apply(Event("k", 1, "new", epoch: 2));
        Assert.Equal("new", await world.StateOf("k"));
    }

    [Fact]
    public async Task Equal_revision_is_applied_once()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 1, "a"));
        await world.Apply(Event("k", 1, "a"));
        Assert.Equal(1, (await world.Store.FindAsync("k", default))!.Writes);
    }

    [Fact]
    public async Task Snapshot_replaces_an_equal_revision_and_counts_no_second_write()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 1, "wrong"));
        await world.Apply(Event("k", 1, "right", StateOperation.Snapshot));
        Assert.Equal("right", await world.StateOf("k"));
        Assert.Equal(1, (await world.Store.FindAsync("k", default))!.Writes);
    }

    [Fact]
    public async Task Delete_is_remembered_against_older_events()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 1, "a"), Event("k", 2, null));
        await world.Apply(Event("k", 1, "a"));
        Assert.Null(await world.StateOf("k"));
        await world.Apply(Event("k", 3, "c"));
        Assert.Equal("c", await world.StateOf("k"));
    }

    [Fact]
    public async Task Event_below_the_floor_is_superseded_for_unknown_keys_too()
    {
        var world = new PlannerWorld { Floor = 5 };
        await world.Apply(Event("k", 1, "a", epoch: 4));
        Assert.Null(await world.Store.FindAsync("k", default));
    }

    [Fact]
    public async Task Unreadable_state_parks_its_key_only()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 1, "bad bytes"), Event("l", 1, "good"));
        Assert.Equal("good", await world.StateOf("l"));
        var (counters, parked) = await world.Sums();
        Assert.Equal(1, parked);
        Assert.Equal(counters.Received, counters.Applied + counters.Superseded + counters.Dropped + parked);
    }

    [Fact]
    public async Task Later_full_state_supersedes_the_parked_one()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 1, "bad"));
        await world.Apply(Event("k", 2, "good"));
        var (counters, parked) = await world.Sums();
        Assert.Equal(0, parked);
        Assert.Equal(new ReplicaCounters(2, 1, 1, 0), counters);
    }

    [Fact]
    public async Task Older_full_state_leaves_a_newer_parked_one()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 2, "bad"));
        await world.Apply(Event("k", 1, "older"));
        Assert.Equal("older", await world.StateOf("k"));
        Assert.Equal(1, (await world.Sums()).Parked);
    }

    [Fact]
    public async Task Newer_unreadable_state_stands_for_the_older_parked_one()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 1, "bad one"));
        await world.Apply(Event("k", 2, "bad two"));
        var parked = await world.Store.Inbox.ParkedAsync(default).SingleAsync();
        Assert.Equal("bad two", parked.Reason);
        Assert.Equal(new ReplicaCounters(2, 0, 1, 0), (await world.Sums()).Counters);
    }

    [Fact]
    public async Task Parked_and_superseded_in_one_batch_leaves_nothing_parked()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 1, "bad"), Event("k", 2, "good"));
        var (counters, parked) = await world.Sums();
        Assert.Equal(0, parked);
        Assert.Equal(new ReplicaCounters(2, 1, 1, 0), counters);
    }

    [Fact]
    public async Task Delete_is_never_parked_for_its_schema()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 1, "a"));
        await world.Apply(Event("k", 2, null, schema: "unknown"));
        Assert.Null(await world.StateOf("k"));
        Assert.Equal(0, (await world.Sums()).Parked);
    }

    [Fact]
    public async Task Unreadable_envelope_is_parked_under_lane_and_position()
    {
        var world = new PlannerWorld();
        await world.Store.OpenAsync(world.Layout, default);
        await world.Apply(
            new Delivery { Batches = [new(Lane, [new(null, 7, null, "no CloudEvents attributes", new byte[] { 1 })], 8, true)] }
        );
        var parked = await world.Store.Inbox.ParkedAsync(default).SingleAsync();
        Assert.Equal("?0@7", parked.Key);
        Assert.Equal("no CloudEvents attributes", parked.Reason);
    }

    [Fact]
    public async Task Unreadable_envelope_replaces_no_parked_event_but_a_void_one()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 2, "bad two"));
        await world.Apply(NoEnvelope("k"));
        var parked = await world.Store.Inbox.ParkedAsync(default).SingleAsync();
        Assert.Equal(("bad two", 2), (parked.Reason, parked.Event?.Revision.Number));
        Assert.Equal((new ReplicaCounters(2, 0, 1, 0), 1), await world.Sums());

        var both = new Delivery
        {
            Batches = [new(Lane, [new(Event("k", 3, "good"), 0), new(null, 1, "k", "no envelope", default)], 2, true)],
        };
        await world.Apply(both);
        Assert.Equal("good", await world.StateOf("k"));
        Assert.Equal("no envelope", (await world.Store.Inbox.ParkedAsync(default).SingleAsync()).Reason);
        Assert.Equal((new ReplicaCounters(4, 1, 2, 0), 1), await world.Sums());
    }

    [Fact]
    public async Task Retry_never_overwrites_newer_state()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 2, "newer"));
        var parked = new ParkedEvent
        {
            Key = "k",
            Reason = "r",
            Event = Event("k", 1, "older"),
            ParkedAt = Now,
        };
        var park = new ReplicaPlan();
        park.Park.Add(parked);
        await using (var unit = await world.Store.BeginAsync(["k"], default))
            await unit.CommitAsync(park, default);
        await using var again = await world.Store.BeginAsync(["k"], default);
        var plan = world.Planner.Retry([parked], again, true, 0, Now);
        Assert.Empty(plan.Rows);
        Assert.Equal(["k"], plan.Unpark);
        Assert.Equal(new ReplicaCounters(0, 0, 1, 0), plan.Counters);
    }

    private static Delivery NoEnvelope(string key) => new() { Batches = [new(Lane, [new(null, 0, key, "no envelope", default)], 1, true)] };
}
