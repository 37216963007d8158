using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Xunit;
using static Statecast.Tests.Consuming.PlannerWorld;

namespace Statecast.Tests.Consuming;

/// <summary>Protocol section 6 at a target: what falls below the floor, and what is told of it.</summary>
public sealed class GoingBackPlanTests
{
    private static readonly LaneId Lane = PlannerWorld.Lane;

    [Fact]
    public async Task Dropped_row_is_a_tombstone_at_the_floor_and_handlers_hear_a_delete()
    {
        var world = new PlannerWorld(handlers: "h");
        await world.Apply(Event("orphan", 9, "lost"), Event("kept", 3, "old"));
        await world.Apply(Event("kept", 3, "old", StateOperation.Snapshot, epoch: 2));
        await CompleteAll(world);

        var plan = await Drop(world, 2, "orphan", "kept", "unknown");
        var row = Assert.Single(plan.Rows);
        Assert.Equal(("orphan", true, new StateRevision(2, 0)), (row.Key, row.Deleted, row.Revision));
        Assert.Equal([("orphan", 2L)], plan.WentBack);
        Assert.Equal(-1, plan.KeysDelta);
        var pending = Assert.Single(plan.Pending);
        Assert.Equal(
            (StateOperation.Delete, "lost"),
            (pending.Operation, System.Text.Encoding.UTF8.GetString(pending.Previous!.Body.Span))
        );
        var (counters, parked) = await world.Sums();
        Assert.Equal(counters.Received, counters.Applied + counters.Superseded + counters.Dropped + parked);
        Assert.Null(await world.StateOf("orphan"));
        Assert.Equal("old", await world.StateOf("kept"));

        // Again, after a crash: nothing is left to do.
        Assert.Empty((await Drop(world, 2, "orphan", "kept")).Rows);
    }

    [Fact]
    public async Task Parked_event_below_the_floor_goes_with_its_row()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("orphan", 9, "lost"), Event("orphan", 10, "bad"));
        var plan = await Drop(world, 2, "orphan");
        Assert.Equal(["orphan"], plan.Unpark);
        var (counters, parked) = await world.Sums();
        Assert.Equal((0, counters.Received), (parked, counters.Applied + counters.Superseded));
    }

    [Theory]
    [InlineData(5, "restored", true)] // an older state
    [InlineData(9, "another", true)] // another state under the same number
    [InlineData(9, "lost", false)] // the same said again
    [InlineData(10, "newer", false)] // goes on from there
    public async Task Key_went_back_if_its_source_lost_what_the_replica_had(long revision, string state, bool wentBack)
    {
        var world = new PlannerWorld();
        await world.Apply(Event("k", 9, "lost"));
        var plan = await world.Apply(Event("k", revision, state, StateOperation.Snapshot, epoch: 2));
        Assert.Equal(wentBack ? [("k", 2L)] : [], plan.WentBack);
        Assert.Equal(state, await world.StateOf("k"));
    }

    [Fact]
    public async Task Nothing_went_back_before_the_replica_was_live()
    {
        var world = new PlannerWorld { Live = false };
        await world.Apply(Event("k", 9, "lost"));
        Assert.Empty((await world.Apply(Event("k", 5, "restored", StateOperation.Snapshot, epoch: 2))).WentBack);
    }

    [Fact]
    public void Status_counts_the_keys_of_the_newest_epoch_and_names_the_first()
    {
        WentBackKeys? back = null;
        for (var n = 0; n < WentBackKeys.MaxKeys + 5; n++)
            back = WentBackKeys.Add(back, $"k{n}", 2);
        Assert.Equal((2, WentBackKeys.MaxKeys + 5, WentBackKeys.MaxKeys), (back!.Epoch, back.Count, back.First.Count));
        back = WentBackKeys.Add(back, "again", 3);
        Assert.Equal((3, 1), (back.Epoch, back.Count));
    }

    [Fact]
    public void Word_of_a_new_epoch_voids_what_the_old_one_said()
    {
        var progress = Live(out var at);
        progress.Heard(Word(at, epoch: 2, end: 12, floor: 0, ended: false), at);
        Assert.Equal(ReplicaState.CatchingUp, progress.State);
        Assert.False(progress.FreshnessAt(at, 0).IsKnown);
        // A sleeper's word of the lost incarnation is nothing any more.
        progress.Heard(Word(at.AddSeconds(1), epoch: 1, end: 10, floor: 1), at.AddSeconds(1));
        Assert.False(progress.FreshnessAt(at.AddSeconds(1), 0).IsKnown);
        Assert.True(progress.WasLive);
    }

    [Fact]
    public void Floor_acts_at_once_and_rows_go_when_the_tail_was_found()
    {
        var progress = Live(out var at);
        progress.Heard(Word(at, epoch: 2, end: 20, floor: 2), at);
        Assert.Equal((2L, 2L), (progress.FloorEpoch, progress.FloorToStore));
        Assert.Null(progress.DueDrop);

        progress.Applied(Lane, 15, atTail: true);
        Assert.Null(progress.DueDrop);
        progress.Applied(Lane, 21, atTail: true);
        Assert.Equal((2, Lane), (progress.DueDrop!.FloorEpoch, Assert.Single(progress.DueDrop.Lanes)));
        // Not complete while rows of the lost incarnation are among its rows.
        Assert.Equal(ReplicaState.CatchingUp, progress.State);

        progress.Dropped(progress.DueDrop);
        Assert.Null(progress.DueDrop);
        Assert.Equal(ReplicaState.Live, progress.State);
        Assert.Equal(2, progress.PositionOf(Lane).Floor);
    }

    [Fact]
    public void Floor_in_some_lanes_only_is_none()
    {
        var word = Word(PlannerWorld.Now, 2, 5, floor: 2);
        Assert.Equal(0, (word with { Ends = [.. word.Ends, new(new(Destination, 1), 1, 5, 0)] }).FloorEpoch);
    }

    [Fact]
    public void Restarted_replica_keeps_its_floor_and_drops_nothing_twice()
    {
        var contents = new ReplicaContents(default, true, [new(Lane, 1, 21, 2)], default, 5, 0, FloorEpoch: 2);
        var progress = new ReplicaProgress(contents, ApplyRules.Default);
        Assert.Equal(2, progress.FloorEpoch);
        progress.Open(Lane, 1, 21);
        progress.Applied(Lane, 21, atTail: true);
        // The sleeper's word comes first.
        progress.Heard(Word(PlannerWorld.Now, epoch: 1, end: 3, floor: 1), PlannerWorld.Now);
        Assert.Null(progress.Newest);
        progress.Heard(Word(PlannerWorld.Now, epoch: 2, end: 21, floor: 2), PlannerWorld.Now);
        Assert.Null(progress.DueDrop);
        Assert.Equal(ReplicaState.Live, progress.State);
    }

    [Fact]
    public async Task Machine_stores_the_floor_before_it_drops_and_marks_the_lane_after()
    {
        var world = new PlannerWorld();
        var machine = await Started(world);
        await Run(world, machine, [Event("orphan", 9, "lost")], Word(PlannerWorld.Now, 1, 1, floor: 1), next: 1);
        Assert.Equal(ReplicaState.Live, machine.Progress.State);

        var commands = await Run(
            world,
            machine,
            [Event("kept", 1, "new", StateOperation.Snapshot, epoch: 2)],
            Word(PlannerWorld.Now, 2, 2, floor: 2),
            next: 2
        );
        Assert.Equal(
            [2, 2],
            commands.Select(c => c is ApplyCommand.Commit commit ? commit.Plan.FloorEpoch : ((ApplyCommand.Drop)c).Due.FloorEpoch)
        );
        var due = ((ApplyCommand.Drop)commands[1]).Due;
        var after = Assert.IsType<ApplyCommand.Commit>(Assert.Single(machine.Dropped(due)));
        Assert.Equal([new LanePosition(Lane, 1, 2, 2)], after.Plan.Positions);
    }

    [Fact]
    public async Task Store_that_never_held_a_lower_epoch_is_not_searched()
    {
        var world = new PlannerWorld();
        var machine = await Started(world);
        var commands = await Run(world, machine, [Event("k", 9, "x", epoch: 2)], Word(PlannerWorld.Now, 2, 1, floor: 2), next: 1);
        var commit = Assert.IsType<ApplyCommand.Commit>(Assert.Single(commands));
        Assert.Equal((2L, true), (commit.Plan.FloorEpoch, commit.Plan.BecameLive));
        Assert.Equal([new LanePosition(Lane, 1, 1, 2)], commit.Plan.Positions);
    }

    private static async Task<ApplyMachine> Started(PlannerWorld world)
    {
        var machine = new ApplyMachine(await world.Store.OpenAsync(world.Layout, default), world.Planner, ApplyRules.Default);
        machine.Deliver(new Statecast.Transport.Delivery { Opened = [new(Lane, 1, 0)] });
        machine.Finished(PlannerWorld.Now);
        return machine;
    }

    private static async Task<IReadOnlyList<ApplyCommand>> Run(
        PlannerWorld world,
        ApplyMachine machine,
        StateEvent[] events,
        Heartbeat word,
        long next
    )
    {
        var delivery = new Statecast.Transport.Delivery
        {
            Batches = [new(Lane, [.. events.Select(e => new Statecast.Transport.ReceivedEvent(e, next - 1))], next, AtTail: true)],
            Heartbeats = [word],
        };
        machine.Deliver(delivery);
        await using (var unit = await world.Store.BeginAsync(ApplyPlanner.KeysOf(delivery), default))
            foreach (var command in machine.Loaded(unit, PlannerWorld.Now))
                if (command is ApplyCommand.Commit commit)
                    await unit.CommitAsync(commit.Plan, default);
        var commands = machine.Finished(PlannerWorld.Now);
        foreach (var command in commands)
            if (command is ApplyCommand.Commit commit)
                machine.Stored(commit.Plan);
        return commands;
    }

    private static async Task<ReplicaPlan> Drop(PlannerWorld world, long floor, params string[] keys)
    {
        await using var unit = await world.Store.BeginAsync(keys, default);
        var plan = world.Planner.Drop(keys, unit, world.Live, new(floor, [PlannerWorld.Lane], 1), PlannerWorld.Now);
        await unit.CommitAsync(plan, default);
        return plan;
    }

    private static async Task CompleteAll(PlannerWorld world)
    {
        foreach (var change in await world.Store.Inbox.PendingAsync(null, 100, default))
            await world.Store.Inbox.CompleteAsync(change, default);
    }

    private static ReplicaProgress Live(out DateTimeOffset at)
    {
        at = PlannerWorld.Now;
        var progress = new ReplicaProgress(new(default, true, [], default, 5, 0, 0), ApplyRules.Default);
        progress.Open(Lane, 1, 10);
        progress.Applied(Lane, 10, atTail: true);
        progress.Heard(Word(at.AddSeconds(-1), epoch: 1, end: 10, floor: 0), at);
        Assert.Equal(ReplicaState.Live, progress.State);
        return progress;
    }

    private static Heartbeat Word(DateTimeOffset clock, long epoch, long end, long floor, bool ended = true) =>
        new()
        {
            Source = "orders",
            Destination = Destination,
            Epoch = epoch,
            LeaseId = Guid.Empty,
            Clock = clock,
            Interval = TimeSpan.FromSeconds(1),
            Ends = [new(Lane, 1, end, 0, new(floor, 1))],
            FirstRepublishEnded = ended,
        };
}
