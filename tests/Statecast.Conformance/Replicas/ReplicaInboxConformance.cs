using Statecast.Events;
using Statecast.Replicas;
using Xunit;
using static Statecast.Conformance.Replicas.ReplicaSamples;

namespace Statecast.Conformance.Replicas;

/// <summary>What every replica store must do for handlers' pending work.</summary>
public abstract class ReplicaInboxConformance
{
    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A store at the test's one place; the one before it is disposed.</summary>
    protected abstract IReplicaStore Create();

    [Fact]
    public async Task Change_comes_back_as_it_was_written()
    {
        await using var store = await Opened();
        var change = Change("a", 3, "new", "old", "Renamed");
        await Pend(store, change, Change("b", 4, null, "was"));
        var pending = await store.Inbox.PendingAsync(Time, 10, Ct);
        Assert.Equal(["a", "b"], pending.Select(p => p.Key));
        Assert.Equal(Bare(change), Bare(pending[0]));
        Assert.Equal((Text(Stored("new")), Text(Stored("old"))), (Text(pending[0].Current), Text(pending[0].Previous)));
        Assert.Null(pending[1].Current);
        Assert.Equal(StateOperation.Delete, pending[1].Operation);
    }

    [Fact]
    public async Task Newer_state_replaces_and_joins_causes_and_keeps_previous()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 3, "three", "two", "Created"));
        await store.Inbox.FailAsync((await All(store)).Single(), "boom", null, Ct);
        await Pend(store, Change("a", 5, "five", "three", "Paid", due: Time.AddSeconds(1)));

        var now = Assert.Single(await All(store));
        Assert.Equal(("Created,Paid", 5, 0), (now.Causes, now.Revision.Number, now.Attempts));
        Assert.Equal((Text(Stored("five")), Text(Stored("two"))), (Text(now.Current), Text(now.Previous)));
        Assert.Equal(Time.AddSeconds(1), now.NextTry);
        Assert.Null(now.Reason);
    }

    [Fact]
    public async Task Pending_is_limited_to_what_is_due()
    {
        await using var store = await Opened();
        await Pend(
            store,
            Change("a", 1, "x", due: Time.AddSeconds(2)),
            Change("b", 1, "x"),
            Change("c", 1, "x"),
            Change("c", 1, "x", handler: "second"),
            Change("d", 1, "x")
        );
        await store.Inbox.FailAsync((await All(store)).Single(p => p.Key == "b"), "stalled", null, Ct);
        Assert.Equal(["c", "c", "d"], (await store.Inbox.PendingAsync(Time.AddSeconds(1), 10, Ct)).Select(p => p.Key).Order());
        Assert.Equal(2, (await store.Inbox.PendingAsync(Time.AddSeconds(1), 2, Ct)).Count);
        Assert.Equal(["a", "c", "c", "d"], (await store.Inbox.PendingAsync(Time.AddSeconds(2), 10, Ct)).Select(p => p.Key).Order());
        Assert.Equal(5, (await All(store)).Count);
    }

    [Fact]
    public async Task Longest_due_comes_first_whatever_came_first()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "x"), Change("b", 1, "x"), Change("c", 1, "x", due: Time.AddSeconds(1)));
        // A failing change goes behind what has not been tried.
        await store.Inbox.FailAsync((await All(store)).Single(p => p.Key == "a"), "boom", Time.AddSeconds(2), Ct);
        Assert.Equal(["b", "c", "a"], (await store.Inbox.PendingAsync(Time.AddSeconds(2), 10, Ct)).Select(p => p.Key));
        Assert.Equal("b", Assert.Single(await store.Inbox.PendingAsync(Time.AddSeconds(2), 1, Ct)).Key);
    }

    [Fact]
    public async Task Finished_change_is_gone_and_the_row_remembers_its_handler()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "x"), Change("a", 1, "x", handler: "second"));
        await store.Inbox.CompleteAsync((await All(store)).Single(p => p.Handler == "second"), Ct);
        Assert.Equal("first", Assert.Single(await All(store)).Handler);
        Assert.Equal(0b10, (await store.FindAsync("a", Ct))!.Seen);
        await store.Inbox.CompleteAsync(Assert.Single(await All(store)), Ct);
        Assert.Empty(await All(store));
        await using var unit = await store.BeginAsync(["a"], Ct);
        Assert.Equal(0b11, unit.Find("a")!.Seen);
    }

    [Fact]
    public async Task State_finished_after_a_newer_came_becomes_its_previous()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "one", null, "Created"));
        var running = Assert.Single(await All(store));
        await Pend(store, Change("a", 2, "two", "one", "Paid"));
        await Pend(store, Change("a", 3, "three", "two", "Created"));
        await store.Inbox.CompleteAsync(running, Ct);

        var left = Assert.Single(await All(store));
        Assert.Equal((3, Text(Stored("three")), Text(Stored("one"))), (left.Revision.Number, Text(left.Current), Text(left.Previous)));
        Assert.Equal(0b01, (await store.FindAsync("a", Ct))!.Seen);
        // What was told with the finished state is not told again; what came since is, an equal name too.
        Assert.Equal("Paid,Created", left.Causes);
        await store.Inbox.CompleteAsync(left, Ct);
        Assert.Empty(await All(store));
    }

    [Fact]
    public async Task Delete_finished_after_a_newer_came_leaves_no_previous()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 2, null, "one", "Removed"));
        var running = Assert.Single(await All(store));
        await Pend(store, Change("a", 3, "three", null, "Created"));
        await store.Inbox.CompleteAsync(running, Ct);
        var left = Assert.Single(await All(store));
        Assert.Null(left.Previous);
        Assert.Equal(("Created", Text(Stored("three"))), (left.Causes, Text(left.Current)));
    }

    [Fact]
    public async Task Repaired_state_at_the_same_revision_counts_as_newer()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "wrong"));
        var running = Assert.Single(await All(store));
        await Pend(store, Change("a", 1, "right"));
        await store.Inbox.FailAsync(running, "too late", null, Ct);
        await store.Inbox.CompleteAsync(running, Ct);
        var left = Assert.Single(await All(store));
        Assert.Equal((Text(Stored("right")), Text(Stored("wrong"))), (Text(left.Current), Text(left.Previous)));
        Assert.Equal((0, Time), (left.Attempts, left.NextTry));
    }

    [Fact]
    public async Task Failure_is_noted_unless_a_newer_state_came()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "one"));
        var running = Assert.Single(await All(store));
        await store.Inbox.FailAsync(running, "boom", Time.AddMinutes(1), Ct);
        var failed = Assert.Single(await All(store));
        Assert.Equal((1, "boom", Time.AddMinutes(1)), (failed.Attempts, failed.Reason, failed.NextTry));
        await store.Inbox.FailAsync(failed, "again", null, Ct);
        failed = Assert.Single(await All(store));
        Assert.Equal((2, "again", null), (failed.Attempts, failed.Reason, failed.NextTry));

        await Pend(store, Change("a", 2, "two"));
        await store.Inbox.FailAsync(failed, "old", null, Ct);
        var newer = Assert.Single(await All(store));
        Assert.Equal((0, null, Time), (newer.Attempts, newer.Reason, newer.NextTry));
    }

    [Fact]
    public async Task Stalled_change_is_tried_again_or_dropped_on_request()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "one"), Change("b", 1, "one"));
        foreach (var change in await All(store))
            await store.Inbox.FailAsync(change, "boom", null, Ct);
        Assert.Empty(await store.Inbox.PendingAsync(Time.AddYears(1), 10, Ct));

        Assert.True(await store.Inbox.ResolveAsync("first", "a", drop: false, Ct));
        Assert.Equal("a", Assert.Single(await store.Inbox.PendingAsync(Time, 10, Ct)).Key);
        Assert.True(await store.Inbox.ResolveAsync("first", "b", drop: true, Ct));
        Assert.Equal("a", Assert.Single(await All(store)).Key);
        Assert.False(await store.Inbox.ResolveAsync("first", "b", drop: true, Ct));
        Assert.False(await store.Inbox.ResolveAsync("first", "never", drop: false, Ct));
        Assert.False(await store.Inbox.ResolveAsync("unknown", "a", drop: false, Ct));
        Assert.Equal(0, (await store.FindAsync("b", Ct))!.Seen);
    }

    [Fact]
    public async Task Change_that_is_not_stalled_is_left_alone_by_an_operator()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "one"), Change("b", 1, "one"));
        await store.Inbox.FailAsync((await All(store)).Single(p => p.Key == "b"), "boom", Time.AddHours(1), Ct);
        foreach (var key in new[] { "a", "b" })
        {
            Assert.False(await store.Inbox.ResolveAsync("first", key, drop: false, Ct));
            Assert.False(await store.Inbox.ResolveAsync("first", key, drop: true, Ct));
        }
        Assert.Equal([(0, Time), (1, Time.AddHours(1))], (await All(store)).Select(p => (p.Attempts, p.NextTry!.Value)));
    }

    [Fact]
    public async Task Stalled_changes_are_told_without_the_others()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "one"), Change("b", 1, "two", "was"), Change("c", 1, "three"));
        foreach (var change in (await All(store)).Where(p => p.Key != "a"))
            await store.Inbox.FailAsync(change, "boom", null, Ct);
        var stalled = await store.Inbox.StalledAsync(Ct).ToListAsync(Ct);
        Assert.Equal(["b", "c"], stalled.Select(p => p.Key));
        Assert.Equal(2, await store.Inbox.CountStalledAsync(Ct));
        Assert.True(await store.Inbox.ResolveAsync("first", "b", drop: true, Ct));
        Assert.Equal(1, await store.Inbox.CountStalledAsync(Ct));
        Assert.True(await store.Inbox.ResolveAsync("first", "c", drop: false, Ct));
        Assert.Equal(0, await store.Inbox.CountStalledAsync(Ct));
        Assert.Equal((1, "boom", null, Text(Stored("two")), Text(Stored("was"))), Told(stalled[0]));
        static (int, string?, DateTimeOffset?, string?, string?) Told(PendingChange p) =>
            (p.Attempts, p.Reason, p.NextTry, Text(p.Current), Text(p.Previous));
    }

    [Fact]
    public async Task Steps_of_a_key_that_changes_often_are_bounded_and_no_cause_is_lost()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "1", null, "c1"));
        var first = Assert.Single(await All(store));
        PendingChange? late = null;
        for (var revision = 2; revision <= 40; revision++)
        {
            await Pend(store, Change("a", revision, $"{revision}", null, $"c{revision}"));
            if (revision == 30)
                late = Assert.Single(await All(store));
        }
        // 32 steps are kept: the oldest are one by now, and told again with it.
        await store.Inbox.CompleteAsync(first, Ct);
        Assert.Equal(string.Join(',', Enumerable.Range(1, 40).Select(i => $"c{i}")), Assert.Single(await All(store)).Causes);
        await store.Inbox.CompleteAsync(late!, Ct);
        var left = Assert.Single(await All(store));
        Assert.Equal(string.Join(',', Enumerable.Range(31, 10).Select(i => $"c{i}")), left.Causes);
        Assert.Equal((Text(Stored("40")), Text(Stored("30"))), (Text(left.Current), Text(left.Previous)));
        await store.Inbox.CompleteAsync(left, Ct);
        Assert.Empty(await All(store));
    }

    [Fact]
    public async Task Change_after_a_dropped_one_has_what_was_last_finished_with()
    {
        await using var store = await Opened();
        await Finish(store, Change("a", 1, "one"));
        await Drop(store, Change("a", 2, "two", "one", "Lost"));
        // The row is the dropped state, and the planner takes its previous from there.
        await Pend(store, Change("a", 3, "three", "two", "Paid"));
        var next = Assert.Single(await All(store));
        Assert.Equal((Text(Stored("three")), Text(Stored("one"))), (Text(next.Current), Text(next.Previous)));
        Assert.Equal(("Paid", 0, Time, null), (next.Causes, next.Attempts, next.NextTry, next.Reason));

        // Dropped again before the handler finished with anything; then it does, and the drops are forgotten.
        await Drop(store, next);
        await Finish(store, Change("a", 4, "four", "three"), previous: "one");
        await Finish(store, Change("a", 5, "five", "four"), previous: "four");
        Assert.Empty(await All(store));
    }

    [Fact]
    public async Task Dropped_delete_and_dropped_rebirth_leave_what_was_finished_with()
    {
        await using var store = await Opened();
        await Finish(store, Change("a", 1, "one"), Change("b", 1, "one"));
        await Drop(store, Change("a", 2, null, "one"));
        // What is kept of it is no change: nobody can try it again or drop it again.
        Assert.False(await store.Inbox.ResolveAsync("first", "a", drop: false, Ct));
        Assert.False(await store.Inbox.ResolveAsync("first", "a", drop: true, Ct));
        await store.Inbox.FailAsync(Change("a", 2, null, "one"), "too late", Time, Ct);
        Assert.Empty(await All(store));
        await Finish(store, Change("a", 3, "three"), previous: "one");

        await Finish(store, Change("b", 2, null, "one"), previous: "one");
        await Drop(store, Change("b", 3, "three"));
        await Finish(store, Change("b", 4, "four", "three"), previous: null);
    }

    [Fact]
    public async Task Completion_during_a_batch_is_not_lost()
    {
        await using var store = await Opened();
        await Pend(store, Change("a", 1, "one"));
        var running = Assert.Single(await All(store));
        Task completing;
        await using (var unit = await store.BeginAsync(["a"], Ct))
        {
            completing = store.Inbox.CompleteAsync(running, Ct).AsTask();
            var plan = new ReplicaPlan();
            plan.Rows.Add(Row("a", 2, "two") with { Seen = unit.Find("a")!.Seen });
            plan.Pending.Add(Change("a", 2, "two", (unit.Find("a")!.Seen & 1) != 0 ? "one" : null));
            await unit.CommitAsync(plan, Ct);
        }
        await completing;
        Assert.Equal(1, (await store.FindAsync("a", Ct))!.Seen);
        var left = Assert.Single(await All(store));
        Assert.Equal((2, Text(Stored("one"))), (left.Revision.Number, Text(left.Previous)));
    }

    protected async Task<IReplicaStore> Opened()
    {
        var store = Create();
        await store.OpenAsync(Layout(handlers: ["first", "second"]), Ct);
        return store;
    }

    // As the apply loop does: the row and what handlers have to do, in one commit.
    protected static async Task Pend(IReplicaStore store, params PendingChange[] changes)
    {
        await using var unit = await store.BeginAsync([.. changes.Select(c => c.Key).Distinct()], Ct);
        var plan = new ReplicaPlan();
        foreach (var change in changes.DistinctBy(c => c.Key))
        {
            var row = change.Current is { } current
                ? Row(change.Key, change.Revision.Number, "") with
                {
                    Body = current.Body,
                }
                : Tombstone(change.Key, change.Revision.Number);
            plan.Rows.Add(row with { Seen = unit.Find(change.Key)?.Seen ?? 0 });
        }
        plan.Pending.AddRange(changes);
        await unit.CommitAsync(plan, Ct);
    }

    private static async Task Finish(IReplicaStore store, params PendingChange[] changes)
    {
        await Pend(store, changes);
        foreach (var change in await All(store))
            await store.Inbox.CompleteAsync(change, Ct);
    }

    private static async Task Finish(IReplicaStore store, PendingChange change, string? previous)
    {
        await Pend(store, change);
        var pending = Assert.Single(await All(store));
        Assert.Equal(previous is null ? null : Text(Stored(previous)), Text(pending.Previous));
        await store.Inbox.CompleteAsync(pending, Ct);
    }

    private static async Task Drop(IReplicaStore store, PendingChange change)
    {
        await Pend(store, change);
        await store.Inbox.FailAsync(Assert.Single(await All(store)), "boom", null, Ct);
        Assert.True(await store.Inbox.ResolveAsync(change.Handler, change.Key, drop: true, Ct));
        Assert.Empty(await All(store));
    }

    protected static ValueTask<IReadOnlyList<PendingChange>> All(IReplicaStore store) => store.Inbox.PendingAsync(null, 100, Ct);

    private static PendingChange Bare(PendingChange change) => change with { Current = null, Previous = null };
}
