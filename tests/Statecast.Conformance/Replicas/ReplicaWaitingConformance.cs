using Statecast.Events;
using Statecast.Replicas;
using Xunit;
using static Statecast.Conformance.Replicas.ReplicaSamples;

namespace Statecast.Conformance.Replicas;

/// <summary>What every replica store must do for patches: keep those that wait, and hand over the state that one is applied to. A part of <see cref="ReplicaStoreConformance"/>.</summary>
public abstract class ReplicaWaitingConformance
{
    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Whether a store made anew at the same place finds what an earlier one kept.</summary>
    protected virtual bool Durable => true;

    /// <summary>A store at the test's one place; the one before it is disposed.</summary>
    protected abstract IReplicaStore Create();

    [Fact]
    public async Task Waiting_patches_come_back_as_they_were_written()
    {
        var store = await Opened();
        var first = Waiting("a", 3, "one") with { Causes = null, TraceParent = null, TraceState = null };
        await Commit(store, Waits(("a", [first, Waiting("a", 4, "three")]), ("b", [Waiting("b", 9, "x") with { Body = default }])));
        if (Durable)
        {
            await store.DisposeAsync();
            store = Create();
        }
        await using var reopened = store;
        var contents = await reopened.OpenAsync(Layout(), Ct);
        Assert.Equal(2, contents.WaitingKeys.Count);
        Assert.Equal(new(2, first.Body.Length + Body("three").Length), contents.WaitingKeys.Single(k => k.Key == "a").Patches);
        Assert.Equal(new(3, first.Body.Length + Body("three").Length), contents.Waiting);

        await using var unit = await reopened.BeginAsync(["a", "b", "c"], Ct);
        Assert.Equal(contents.Waiting, unit.Waiting);
        var patches = unit.FindWaiting("a");
        Assert.Equal([3, 4], patches.Select(p => p.Revision.Number));
        Assert.Equal(first with { Body = default }, patches[0] with { Body = default });
        Assert.Equal("{\"value\":\"one\"}", Text(patches[0].Body));
        Assert.True(Assert.Single(unit.FindWaiting("b")).Body.IsEmpty);
        Assert.Empty(unit.FindWaiting("c"));
    }

    [Fact]
    public async Task Waiting_patches_are_replaced_as_a_whole()
    {
        await using var store = await Opened();
        await Commit(store, Waits(("a", [Waiting("a", 3, "x"), Waiting("a", 4, "y")]), ("b", [Waiting("b", 3, "x")])));
        await Commit(store, Waits(("a", [Waiting("a", 4, "y"), Waiting("a", 5, "z")]), ("b", []), ("never", [])));

        var contents = await store.OpenAsync(Layout(), Ct);
        Assert.Equal(["a"], contents.WaitingKeys.Select(k => k.Key));
        await using var unit = await store.BeginAsync(["a", "b"], Ct);
        Assert.Equal([4, 5], unit.FindWaiting("a").Select(p => p.Revision.Number));
        Assert.Empty(unit.FindWaiting("b"));
        Assert.Equal(new(2, Body("y").Length + Body("z").Length), unit.Waiting);
    }

    [Fact]
    public async Task Uncommitted_unit_leaves_no_waiting_patch()
    {
        await using var store = await Opened();
        await Commit(store, Waits(("a", [Waiting("a", 3, "x")])));
        await using (var unit = await store.BeginAsync(["a"], Ct)) { }

        await using var next = await store.BeginAsync(["a"], Ct);
        Assert.Equal(1, next.Waiting.Count);
    }

    [Fact]
    public async Task Body_of_a_loaded_key_is_there_without_handlers()
    {
        await using var store = await Opened();
        await Commit(store, Plan(Row("a", 1, "x"), Tombstone("b", 2)));

        await using var unit = await store.BeginAsync(["a", "b", "c"], Ct);
        var row = unit.Find("a");
        var body = unit.FindBody("a")!;
        Assert.Equal(("json", Schema, "{\"value\":\"x\"}"), (body.Codec, body.Schema, Text(body.Body)));
        Assert.Equal(1, row!.Revision.Number);
        Assert.Null(unit.FindBody("b"));
        Assert.Null(unit.FindBody("c"));
    }

    private static StateEvent Waiting(string key, long revision, string text) =>
        Event(key, revision, text) with
        {
            Operation = StateOperation.Patch,
            Base = revision - 1,
        };

    private static ReplicaPlan Waits(params (string Key, StateEvent[] Patches)[] waiting)
    {
        var plan = new ReplicaPlan();
        plan.Waiting.AddRange(waiting.Select(w => new WaitingChange(w.Key, w.Patches)));
        return plan;
    }

    protected static ReplicaPlan Plan(params ReplicaRow[] rows)
    {
        var plan = new ReplicaPlan();
        plan.Rows.AddRange(rows);
        return plan;
    }

    protected static async Task Commit(IReplicaStore store, ReplicaPlan plan)
    {
        await using var unit = await store.BeginAsync([.. plan.Rows.Select(r => r.Key)], Ct);
        await unit.CommitAsync(plan, Ct);
    }

    protected static string? Value(ReplicaRow? row) => row is null ? null : Text(row.Body)[10..^2];

    protected async Task<IReplicaStore> Opened(string[]? indexes = null, string[]? handlers = null)
    {
        var store = Create();
        await store.OpenAsync(Layout(indexes: indexes, handlers: handlers), Ct);
        return store;
    }

    protected static async Task<List<string>> Keys(IAsyncEnumerable<ReplicaRow> rows) => await rows.Select(r => r.Key).ToListAsync(Ct);
}
