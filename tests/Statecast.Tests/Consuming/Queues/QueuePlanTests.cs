using Statecast.Consuming;
using Statecast.Consuming.Queues;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Consuming.PlannerWorld;

namespace Statecast.Tests.Consuming.Queues;

/// <summary>The two numbers of a queue's rows, and what a complete run removes by them.</summary>
public sealed class QueuePlanTests
{
    private readonly PlannerWorld _world = new(retained: false);

    [Fact]
    public async Task Row_has_the_highest_numbers_of_all_that_came_in_whatever_order()
    {
        await Apply(Live("a", 1, "x", 7), Own("a", 1, "x", 90), Own("a", 1, "x", 50));
        Assert.Equal((7, 90), await NumbersOf("a"));
        await Apply(Own("a", 1, "x", 60));
        Assert.Equal((7, 90), await NumbersOf("a"));
        await Apply(Live("a", 3, "z", 9), Live("a", 2, "y", 12));
        Assert.Equal((12, 90), await NumbersOf("a"));
    }

    [Fact]
    public async Task Log_has_no_numbers()
    {
        var world = new PlannerWorld(retained: true);
        var plan = await Apply(world, Live("a", 1, "x", 7));
        Assert.Equal((0, 0), (plan.Rows[0].LiveNumber, plan.Rows[0].OwnNumber));
    }

    [Fact]
    public async Task Marks_are_no_events_of_a_key()
    {
        var plan = await Apply(Own("begin", 0, "", 1) with { Operation = StateOperation.RangeBegin }, Own("a", 1, "x", 2));
        Assert.Equal(["a"], plan.Rows.Select(r => r.Key));
        Assert.Equal(1, plan.Counters.Received);
    }

    [Fact]
    public async Task Orphan_leaves_a_tombstone_below_everything_of_its_epoch()
    {
        await Apply(Live("a", 5, "x", 3), Live("b", 5, "x", 11), Own("c", 5, "x", 21));
        await Drop("a", "b", "c");
        var gone = await _world.Store.FindAsync("a", default);
        Assert.Equal((true, new StateRevision(1, 0), 3L), (gone!.Deleted, gone.Revision, gone.LiveNumber));
        Assert.False((await _world.Store.FindAsync("b", default))!.Deleted);
        Assert.False((await _world.Store.FindAsync("c", default))!.Deleted);
        await Apply(Live("a", 1, "the source's first", 30));
        Assert.False((await _world.Store.FindAsync("a", default))!.Deleted);
    }

    // Before any word states the floor only the tombstone stands against it.
    [Fact]
    public async Task Orphan_of_an_older_epoch_stays_gone_when_its_own_event_is_delivered_again()
    {
        var inFlight = Event("a", 5, "x") with { LaneNumber = 30 };
        await Apply(inFlight);
        await Drop(2, 40, "a");
        Assert.Equal(new StateRevision(2, 0), (await _world.Store.FindAsync("a", default))!.Revision);
        await Apply(inFlight);
        Assert.True((await _world.Store.FindAsync("a", default))!.Deleted);
    }

    [Fact]
    public async Task Row_stays_whose_key_a_parked_answer_names()
    {
        await Apply(Live("a", 5, "x", 3), Live("b", 5, "x", 3));
        await Apply(Own("a", 6, "bad", 21), Own("b", 6, "bad", 19));
        // Heard again, in another order.
        await Apply(Own("a", 6, "bad", 20), Live("a", 6, "bad", 4));
        await Drop("a", "b");
        Assert.False((await _world.Store.FindAsync("a", default))!.Deleted);
        Assert.True((await _world.Store.FindAsync("b", default))!.Deleted);
    }

    private Task Drop(params string[] keys) => Drop(1, 10, keys);

    private async Task Drop(long epoch, long cut, params string[] keys)
    {
        var due = new DueDrop(epoch, [Lane], 1)
        {
            Sweep = new RangeSweep(Lane, epoch, [.. Enumerable.Repeat(new SweptRange(Begin: 20, cut), RunProgress.Parts)]),
        };
        await using var unit = await _world.Store.BeginAsync(keys, default);
        await unit.CommitAsync(_world.Planner.Drop(keys, unit, true, due, Now), default);
    }

    private async Task<(long, long)> NumbersOf(string key) =>
        await _world.Store.FindAsync(key, default) is { } row ? (row.LiveNumber, row.OwnNumber) : default;

    private Task<ReplicaPlan> Apply(params StateEvent[] events) => Apply(_world, events);

    private static async Task<ReplicaPlan> Apply(PlannerWorld world, params StateEvent[] events)
    {
        var delivery = new Delivery { Batches = [new(Lane, [.. events.Select(e => new ReceivedEvent(e, 0))], 0, AtTail: false)] };
        await using var unit = await world.Store.BeginAsync(ApplyPlanner.KeysOf(delivery), default);
        var plan = world.Planner.Plan(delivery, unit, true, 0, Now);
        await unit.CommitAsync(plan, default);
        return plan;
    }

    private static StateEvent Live(string key, long revision, string state, long number) =>
        Event(key, revision, state) with
        {
            LaneNumber = number,
        };

    private static StateEvent Own(string key, long revision, string state, long number) =>
        Event(key, revision, state, StateOperation.Snapshot) with
        {
            LaneNumber = number,
            Lane = SnapshotLane.Of(Lane, "queue"),
        };
}
