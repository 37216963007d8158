using Statecast.Events;
using Xunit;
using static Statecast.Tests.Consuming.PlannerWorld;

namespace Statecast.Tests.Consuming;

/// <summary>When handlers are told, and what they are told.</summary>
public sealed class HandlerPlanTests
{
    [Fact]
    public async Task Handler_hears_a_change_with_its_causes()
    {
        var world = new PlannerWorld(0, "h");
        await world.Apply(Event("k", 1, "a", causes: "OrderCreated"));
        var change = Assert.Single(await world.Pending());
        Assert.Equal("OrderCreated", change.Causes);
        Assert.Null(change.Previous);
        Assert.Equal("a", Text(change.Current));
    }

    [Fact]
    public async Task Handler_stays_silent_before_the_replica_was_live()
    {
        var world = new PlannerWorld(0, "h") { Live = false };
        await world.Apply(Event("k", 1, "a"));
        Assert.Empty(await world.Pending());
    }

    [Fact]
    public async Task Handler_that_asked_hears_the_bootstrap()
    {
        var world = new PlannerWorld(1, "h") { Live = false };
        await world.Apply(Event("k", 1, "a"));
        Assert.Single(await world.Pending());
    }

    [Fact]
    public async Task Newer_states_join_causes_and_keep_the_previous()
    {
        var world = new PlannerWorld(0, "h");
        await world.Apply(Event("k", 1, "a", causes: "One"));
        await world.Store.Inbox.CompleteAsync(Assert.Single(await world.Pending()), default);
        await world.Apply(Event("k", 2, "b", causes: "Two"));
        await world.Apply(Event("k", 3, "c", causes: "Three"));
        var change = Assert.Single(await world.Pending());
        Assert.Equal("a", Text(change.Previous));
        Assert.Equal("c", Text(change.Current));
        Assert.Equal("Two,Three", change.Causes);
    }

    [Fact]
    public async Task Previous_is_null_when_the_handler_never_saw_the_key()
    {
        var world = new PlannerWorld(0, "h") { Live = false };
        await world.Apply(Event("k", 1, "bootstrapped"));
        world.Live = true;
        await world.Apply(Event("k", 2, "live"));
        Assert.Null(Assert.Single(await world.Pending()).Previous);
    }

    [Fact]
    public async Task Completing_an_older_state_makes_it_the_newer_ones_previous()
    {
        var world = new PlannerWorld(0, "h");
        await world.Apply(Event("k", 1, "a"));
        var running = Assert.Single(await world.Pending());
        await world.Apply(Event("k", 2, "b"));
        await world.Store.Inbox.CompleteAsync(running, default);
        Assert.Equal("a", Text(Assert.Single(await world.Pending()).Previous));
    }

    [Fact]
    public async Task Snapshot_that_changes_nothing_is_silent()
    {
        var world = new PlannerWorld(0, "h");
        await world.Apply(Event("k", 1, "a"));
        await world.Store.Inbox.CompleteAsync(Assert.Single(await world.Pending()), default);
        await world.Apply(Event("k", 2, "a", StateOperation.Snapshot));
        await world.Apply(Event("k", 3, "a", StateOperation.Snapshot, schema: "s2"));
        Assert.Empty(await world.Pending());
    }

    [Fact]
    public async Task Snapshot_that_changes_or_creates_is_told_at_a_live_target()
    {
        var world = new PlannerWorld(0, "h");
        await world.Apply(Event("k", 1, "a", StateOperation.Snapshot));
        await world.Apply(Event("l", 1, "a"), Event("l", 2, "b", StateOperation.Snapshot));
        Assert.Equal(["k", "l"], (await world.Pending()).Select(p => p.Key).Order());
    }

    [Fact]
    public async Task Change_equal_to_a_silent_snapshots_row_is_still_told_once()
    {
        var world = new PlannerWorld(0, "h") { Live = false };
        await world.Apply(Event("k", 4, "a", StateOperation.Snapshot, epoch: 2));
        world.Live = true;
        await world.Apply(Event("k", 4, "a", epoch: 1));
        var change = Assert.Single(await world.Pending());
        await world.Store.Inbox.CompleteAsync(change, default);
        await world.Apply(Event("k", 4, "a", epoch: 1));
        Assert.Empty(await world.Pending());
        Assert.Equal(new StateRevision(2, 4), (await world.Store.FindAsync("k", default))!.Revision);
    }

    [Fact]
    public async Task Delete_of_a_key_never_seen_is_silent()
    {
        var world = new PlannerWorld(0, "h");
        await world.Apply(Event("k", 2, null));
        Assert.Empty(await world.Pending());
    }

    [Fact]
    public async Task Delete_is_told_with_no_current_state()
    {
        var world = new PlannerWorld(0, "h");
        await world.Apply(Event("k", 1, "a"));
        await world.Store.Inbox.CompleteAsync(Assert.Single(await world.Pending()), default);
        await world.Apply(Event("k", 2, null));
        var change = Assert.Single(await world.Pending());
        Assert.Null(change.Current);
        Assert.Equal("a", Text(change.Previous));
    }

    private static string? Text(Statecast.Replicas.StoredBody? body) =>
        body is null ? null : System.Text.Encoding.UTF8.GetString(body.Body.Span);
}
