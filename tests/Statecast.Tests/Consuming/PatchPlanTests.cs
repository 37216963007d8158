using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Xunit;
using static Statecast.Tests.Consuming.PlannerWorld;

namespace Statecast.Tests.Consuming;

/// <summary>Patches at a target: on their exact base, or not at all.</summary>
public sealed class PatchPlanTests
{
    private readonly PlannerWorld _world = new();

    [Fact]
    public async Task Patch_on_its_base_becomes_the_state_that_it_stands_for()
    {
        await _world.Apply(Event("a", 1, "x"));
        await _world.Apply(Patch("a", 2, "y", "xy"));

        await Holds("a", "xy", 2);
        var row = (await _world.Store.FindAsync("a", default))!;
        Assert.Equal((StateOperation.Upsert, 2), (row.Operation, row.Writes));
        await Sums(received: 2, applied: 2);
    }

    [Fact]
    public async Task Chain_in_one_batch_is_applied_in_the_order_of_revisions()
    {
        await _world.Apply(Event("a", 1, "x"));
        await _world.Apply(Patch("a", 4, "4", "x234"), Patch("a", 3, "3", "x23"), Patch("a", 2, "2", "x2"));

        await Holds("a", "x234", 4);
        await Sums(received: 4, applied: 2, superseded: 2);
    }

    [Fact]
    public async Task Base_and_its_patches_may_come_together()
    {
        await _world.Apply(Patch("a", 2, "2", "x2"), Event("a", 1, "x"), Patch("a", 3, "3", "x23"));

        await Holds("a", "x23", 3);
        Assert.Equal(1, (await _world.Store.FindAsync("a", default))!.Writes);
        await Sums(received: 3, applied: 1, superseded: 2);
    }

    [Theory, InlineData(2), InlineData(4)]
    public async Task Patch_of_another_revision_than_the_rows_waits(long from)
    {
        await _world.Apply(Event("a", 3, "x"));
        await _world.Apply(Patch("a", 5, "y", "xy", from));

        await Holds("a", "x", 3);
        Assert.Equal([5], await _world.Waiting("a"));
        await Sums(received: 2, applied: 1, waiting: 1);
    }

    [Fact]
    public async Task Waiting_patches_are_applied_when_their_base_arrives()
    {
        await _world.Apply(Event("a", 1, "x"));
        await _world.Apply(Patch("a", 4, "4", "x234"));
        await _world.Apply(Patch("a", 3, "3", "x23"));
        Assert.Equal([3, 4], await _world.Waiting("a"));
        await _world.Apply(Patch("a", 2, "2", "x2"));

        await Holds("a", "x234", 4);
        Assert.Empty(await _world.Waiting("a"));
        await Sums(received: 4, applied: 2, superseded: 2);
    }

    [Theory]
    [InlineData(4, "5")]
    [InlineData(5, "")]
    public async Task Full_state_supersedes_the_patches_below_it_the_waiting_too(long revision, string left)
    {
        await _world.Apply(Patch("a", 3, "3", "?3"), Patch("a", 5, "5", "?5", from: 3));
        await _world.Apply(Event("a", revision, "full"));

        await Holds("a", "full", revision);
        Assert.Equal(left, string.Join(",", await _world.Waiting("a")));
        await Sums(received: 3, applied: 1, superseded: 2 - left.Length, waiting: left.Length);
    }

    [Fact]
    public async Task Snapshot_at_a_waiting_patchs_revision_is_the_answer()
    {
        await _world.Apply(Event("a", 1, "x"));
        await _world.Apply(Patch("a", 3, "3", "x23"));
        var plan = await _world.Apply(Event("a", 3, "x23", StateOperation.Snapshot));

        await Holds("a", "x23", 3);
        Assert.True(Assert.Single(plan.Waiting).Answered);
        await Sums(received: 3, applied: 2, superseded: 1);
    }

    [Fact]
    public async Task Delete_supersedes_waiting_patches_and_none_is_applied_to_a_tombstone()
    {
        await _world.Apply(Event("a", 1, "x"));
        await _world.Apply(Patch("a", 3, "3", "x23"));
        await _world.Apply(Event("a", 4, null));
        await _world.Apply(Patch("a", 5, "5", "5"));

        Assert.Null(await _world.StateOf("a"));
        Assert.Equal([5], await _world.Waiting("a"));
        await Sums(received: 4, applied: 2, superseded: 1, waiting: 1);
    }

    [Fact]
    public async Task Patch_of_a_new_epoch_waits_for_that_epochs_state()
    {
        await _world.Apply(Event("a", 1, "x"));
        await _world.Apply(Patch("a", 2, "2", "x2", epoch: 2));
        await Holds("a", "x", 1);
        await _world.Apply(Event("a", 1, "y", StateOperation.Snapshot, epoch: 2));

        // Applied to the new epoch's state it does not fit, and the row is left alone.
        await Holds("a", "y", 1, epoch: 2);
        await _world.Apply(Event("a", 2, "x2", StateOperation.Snapshot, epoch: 2));
        await Holds("a", "x2", 2, epoch: 2);
        Assert.Empty(await _world.Waiting("a"));
    }

    [Fact]
    public async Task Patch_said_twice_is_applied_once_and_waits_once()
    {
        await _world.Apply(Event("a", 1, "x"));
        await _world.Apply(Patch("a", 2, "2", "x2"), Patch("a", 2, "2", "x2"));
        await _world.Apply(Patch("a", 4, "4", "x24", from: 3), Patch("a", 4, "4", "x24", from: 3));

        await Holds("a", "x2", 2);
        Assert.Equal([4], await _world.Waiting("a"));
        await Sums(received: 5, applied: 2, superseded: 2, waiting: 1);
    }

    [Fact]
    public async Task Patch_that_does_not_make_what_the_source_has_leaves_the_row_alone()
    {
        await _world.Apply(Event("a", 1, "x"));
        var plan = await _world.Apply(Patch("a", 2, "2", "another"));
        var again = await _world.Apply(Patch("a", 3, "3", "another3"));

        await Holds("a", "x", 1);
        Assert.Equal([2, 3], await _world.Waiting("a"));
        Assert.Contains("is not what", Assert.Single(plan.Misfits).Reason);
        // Told once, not with every batch.
        Assert.Empty(again.Misfits);
        await _world.Apply(Event("a", 3, "full", StateOperation.Snapshot));
        await Holds("a", "full", 3);
        await Sums(received: 4, applied: 2, superseded: 2);
    }

    [Fact]
    public async Task Patch_at_the_rows_revision_is_superseded_whatever_it_says()
    {
        await _world.Apply(Event("a", 2, "x"));
        await _world.Apply(Patch("a", 2, "y", "xy"));

        await Holds("a", "x", 2);
        await Sums(received: 2, applied: 1, superseded: 1);
    }

    [Fact]
    public async Task Patch_on_a_state_of_another_schema_waits()
    {
        await _world.Apply(Event("a", 1, "x", schema: "s0"));
        await _world.Apply(Patch("a", 2, "2", "x2"));

        await Holds("a", "x", 1);
        Assert.Equal([2], await _world.Waiting("a"));
    }

    [Fact]
    public async Task State_that_cannot_be_applied_is_parked_whole_and_its_patches_wait()
    {
        await _world.Apply(Event("a", 1, "b"));
        await _world.Apply(Patch("a", 2, "ad", "bad"), Patch("a", 3, "3", "bad3"));

        await Holds("a", "b", 1);
        var parked = Assert.Single(await _world.Store.Inbox.ParkedAsync(default).ToListAsync());
        Assert.Equal((StateOperation.Upsert, 2, 0), (parked.Event!.Operation, parked.Event.Revision.Number, parked.Event.Base));
        Assert.Equal([3], await _world.Waiting("a"));
        await Sums(received: 3, applied: 1, parked: 1, waiting: 1);
    }

    [Fact]
    public async Task Full_state_that_is_parked_stands_for_the_patches_below_it()
    {
        await _world.Apply(Event("a", 1, "x"));
        await _world.Apply(Patch("a", 3, "3", "x23"), Patch("a", 6, "6", "?"));
        await _world.Apply(Event("a", 4, "bad"));
        Assert.Equal([6], await _world.Waiting("a"));
        await _world.Apply(Patch("a", 4, "4", "?"));

        Assert.Equal([6], await _world.Waiting("a"));
        await Sums(received: 5, applied: 1, superseded: 2, parked: 1, waiting: 1);
    }

    [Fact]
    public async Task Below_a_floor_no_patch_is_applied_and_none_waits()
    {
        await _world.Apply(Event("a", 1, "x"));
        await _world.Apply(Patch("b", 2, "2", "?2"));
        _world.Floor = 2;
        await _world.Apply(Patch("a", 2, "2", "x2"));
        await using (var unit = await _world.Store.BeginAsync(["b"], default))
            await unit.CommitAsync(_world.Planner.RetryWaiting(["b"], unit, true, 2, Now), default);

        await Holds("a", "x", 1);
        Assert.Empty(await _world.Waiting("a"));
        Assert.Empty(await _world.Waiting("b"));
        await Sums(received: 3, applied: 1, superseded: 2);
    }

    [Fact]
    public async Task Oldest_patches_of_a_key_give_way()
    {
        var world = new PlannerWorld(new WaitingLimits(3, 10_000));
        for (var revision = 2; revision <= 6; revision++)
            await world.Apply(Patch("a", revision, "+", "?"));

        Assert.Equal([4, 5, 6], await world.Waiting("a"));
        var contents = await world.Store.OpenAsync(world.Layout, default);
        Assert.Equal(new(5, 0, 2, 0), contents.Counters);
        Assert.Equal(new(3, 3), contents.Waiting);
    }

    [Fact]
    public async Task Beyond_the_bytes_of_all_keys_a_key_keeps_a_mark_alone()
    {
        // Each counts for its envelope as well: many small ones take more than their bodies.
        var world = new PlannerWorld(new WaitingLimits(10, (3 * 512) + 5));
        await world.Apply(Patch("a", 2, "+++", "?"), Patch("b", 2, "++", "?"), Patch("b", 3, "+", "?"), Patch("c", 2, "+", "?"));

        Assert.Equal([2], await world.Waiting("a"));
        Assert.Equal([3], await world.Waiting("b"));
        Assert.Equal([2], await world.Waiting("c"));
        Assert.Equal(new(3, 4), (await world.Store.OpenAsync(world.Layout, default)).Waiting);
        // The mark is never applied, though its base may come.
        await world.Apply(Event("b", 2, "x"));
        Assert.Equal("x", await world.StateOf("b"));
        Assert.Equal([3], await world.Waiting("b"));
        await world.Apply(Event("a", 2, "x"), Event("b", 3, "x"), Event("c", 2, "x"));
        Assert.Equal(default, (await world.Store.OpenAsync(world.Layout, default)).Waiting);
        Assert.Equal(new(8, 4, 4, 0), (await world.Store.OpenAsync(world.Layout, default)).Counters);
    }

    [Fact]
    public async Task Handler_hears_the_whole_state_and_all_causes()
    {
        var world = new PlannerWorld(handlers: "h");
        await world.Apply(Event("a", 1, "x", causes: "Created"));
        await world.Store.Inbox.CompleteAsync((await world.Pending()).Single(), default);
        await world.Apply(Patch("a", 3, "3", "x23", causes: "Sent"), Patch("a", 2, "2", "x2", causes: "Paid"));

        var change = Assert.Single(await world.Pending());
        Assert.Equal((StateOperation.Upsert, 3, "Paid,Sent"), (change.Operation, change.Revision.Number, change.Causes));
        Assert.Equal(("x23", "x"), (Text(change.Current), Text(change.Previous)));
    }

    [Fact]
    public async Task Causes_of_a_waiting_patch_are_told_with_the_state_that_makes_it_void()
    {
        var world = new PlannerWorld(handlers: "h");
        await world.Apply(Patch("a", 2, "2", "?2", causes: "Paid"), Patch("a", 3, "3", "?3", causes: "Sent"));
        Assert.Empty(await world.Pending());
        await world.Apply(Event("a", 3, "x", StateOperation.Snapshot));

        Assert.Equal("Paid,Sent", Assert.Single(await world.Pending()).Causes);
    }

    [Fact]
    public async Task Patch_that_says_what_a_silent_Snapshot_wrote_is_announced_once()
    {
        var world = new PlannerWorld(handlers: "h") { Live = false };
        await world.Apply(Event("a", 2, "xy", StateOperation.Snapshot));
        world.Live = true;
        await world.Apply(Patch("a", 2, "y", "xy", causes: "Paid"));
        await world.Apply(Patch("a", 2, "y", "xy", causes: "Paid"));

        var change = Assert.Single(await world.Pending());
        Assert.Equal((StateOperation.Upsert, "Paid", "xy"), (change.Operation, change.Causes, Text(change.Current)));
        Assert.Equal("xy", await world.StateOf("a"));
    }

    private static string? Text(StoredBody? body) => body is null ? null : System.Text.Encoding.UTF8.GetString(body.Body.Span);

    private async Task Holds(string key, string state, long revision, long epoch = 1)
    {
        Assert.Equal(state, await _world.StateOf(key));
        Assert.Equal(new(epoch, revision), (await _world.Store.FindAsync(key, default))!.Revision);
    }

    private async Task Sums(long received, long applied, long superseded = 0, long parked = 0, long waiting = 0)
    {
        var contents = await _world.Store.OpenAsync(_world.Layout, default);
        Assert.Equal(new(received, applied, superseded, 0), contents.Counters);
        Assert.Equal((parked, waiting), (contents.Parked, contents.Waiting.Count));
        Assert.Equal(received, applied + superseded + parked + waiting);
    }
}
