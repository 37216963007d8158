using Statecast.Replicas;
using Xunit;
using static Statecast.Conformance.Replicas.ReplicaSamples;

namespace Statecast.Conformance.Replicas;

/// <summary>What a store that outlives its process must do besides, for handlers' pending work.</summary>
public abstract class DurableReplicaInboxConformance : ReplicaInboxConformance
{
    [Fact]
    public async Task Seen_belongs_to_the_handlers_name_not_to_its_place()
    {
        var store = await Opened();
        await Pend(store, Change("a", 1, "x", handler: "second"), Change("b", 1, "x", handler: "second"));
        await store.Inbox.CompleteAsync((await All(store)).First(), Ct);
        await store.DisposeAsync();

        store = Create();
        await store.OpenAsync(Layout(handlers: ["second", "third", "first"]), Ct);
        Assert.Equal(0b001, (await store.FindAsync("a", Ct))!.Seen);
        await using (var unit = await store.BeginAsync(["a"], Ct))
        {
            var plan = new ReplicaPlan();
            plan.Rows.Add(unit.Find("a")! with { Revision = new(7, 2), Body = Body("y") });
            await unit.CommitAsync(plan, Ct);
        }
        Assert.Equal("second", Assert.Single(await All(store)).Handler);
        await store.DisposeAsync();

        // Without its handler the pending change is still told, so that somebody learns of it; the bit waits for the name.
        store = Create();
        await store.OpenAsync(Layout(handlers: ["third"]), Ct);
        Assert.Equal(0, (await store.FindAsync("a", Ct))!.Seen);
        await using (var unit = await store.BeginAsync(["a"], Ct))
        {
            var plan = new ReplicaPlan();
            plan.Rows.Add(unit.Find("a")! with { Revision = new(7, 3), Body = Body("z") });
            await unit.CommitAsync(plan, Ct);
        }
        await store.Inbox.FailAsync(Assert.Single(await store.Inbox.PendingAsync(Time, 10, Ct)), "no such handler", null, Ct);
        await store.DisposeAsync();

        await using var last = Create();
        await last.OpenAsync(Layout(handlers: ["third", "second"]), Ct);
        Assert.Equal(0b10, (await last.FindAsync("a", Ct))!.Seen);
        Assert.Equal("no such handler", Assert.Single(await All(last)).Reason);
    }

    [Fact]
    public async Task Pending_work_outlives_the_store()
    {
        var store = await Opened();
        await Pend(store, Change("a", 1, "one", null, "Created"));
        await Pend(store, Change("a", 2, "two", "one", "Paid"));
        await store.DisposeAsync();
        await using var reopened = await Opened();
        var change = Assert.Single(await All(reopened));
        Assert.Equal(("Created,Paid", 2), (change.Causes, change.Revision.Number));
    }
}
