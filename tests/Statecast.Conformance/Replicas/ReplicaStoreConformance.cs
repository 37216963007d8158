using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;
using Xunit;
using static Statecast.Conformance.Replicas.ReplicaSamples;

namespace Statecast.Conformance.Replicas;

/// <summary>What every replica store must do. An implementation runs it by a factory and an empty subclass.</summary>
public abstract class ReplicaStoreConformance : ReplicaWaitingConformance
{
    [Fact]
    public async Task New_store_is_empty()
    {
        await using var store = Create();
        var contents = await store.OpenAsync(Layout(), Ct);
        Assert.Null(contents.LayoutHash);
        Assert.False(contents.WasLive);
        Assert.Empty(contents.Positions);
        Assert.Equal(new ReplicaCounters(0, 0, 0, 0), contents.Counters);
        Assert.Equal((0, 0, 0), (contents.Keys, contents.Parked, contents.FloorEpoch));
        Assert.Null(await store.FindAsync("a", Ct));
        Assert.Empty(await store.EnumerateAsync(Ct).ToListAsync(Ct));
    }

    [Fact]
    public async Task Row_comes_back_as_it_was_written()
    {
        await using var store = await Opened();
        var row = Row("a%2Fb/c", 5, "x") with { Operation = Statecast.Events.StateOperation.Snapshot, Writes = 3 };
        var big = Row("big", 1, new string('x', 1_000_000)) with { Codec = "avro" };
        await Commit(store, Plan(row, big, Tombstone("gone", 9)));

        var read = await store.FindAsync(row.Key, Ct);
        Assert.NotNull(read);
        Assert.Equal(row with { Body = default, Entries = [] }, read with { Body = default, Entries = [] });
        Assert.Equal(row.Body.ToArray(), read.Body.ToArray());
        var bigRead = await store.FindAsync("big", Ct);
        Assert.Equal((big.Codec, 1_000_012), (bigRead!.Codec, bigRead.Body.Length));
        var gone = await store.FindAsync("gone", Ct);
        Assert.True(gone!.Deleted);
        Assert.True(gone.Body.IsEmpty);
        Assert.Null(gone.Content);
        Assert.Null(await store.FindAsync("never", Ct));
    }

    [Fact]
    public async Task Queues_numbers_stay_with_their_rows_and_lanes()
    {
        var store = Create();
        await store.OpenAsync(Layout(retained: false), Ct);
        byte[] counted = [1, 0, 255, 7];
        var plan = Plan(
            Row("a", 1, "x") with
            {
                LiveNumber = 3_000_000_000,
                OwnNumber = 0,
            },
            Row("b", 1, "") with
            {
                LiveNumber = 0,
                OwnNumber = 9,
            },
            Row("c", 1, "z"),
            Tombstone("d", 2) with
            {
                LiveNumber = 5,
                OwnNumber = 6,
            }
        );
        plan.Positions.Add(new(new("probe.item.v1", 0), 0, 0) { Counted = counted });
        await Commit(store, plan);
        var touched = Plan(Row("b", 2, "y") with { LiveNumber = 12, OwnNumber = 9 });
        touched.Positions.Add(new(new("probe.item.v1", 1), 0, 0) { Counted = new byte[] { 2 } });
        await Commit(store, touched);
        if (Durable)
        {
            await store.DisposeAsync();
            store = Create();
        }
        var contents = await store.OpenAsync(Layout(retained: false), Ct);
        Assert.Equal(
            ["01-00-FF-07", "02"],
            contents.Positions.OrderBy(p => p.Lane.Number).Select(p => BitConverter.ToString(p.Counted.ToArray()))
        );
        (string, long, long)[] expected = [("a", 3_000_000_000, 0), ("b", 12, 9), ("c", 0, 0), ("d", 5, 6)];
        foreach (var (key, live, own) in expected)
            Assert.Equal((live, own), await store.FindAsync(key, Ct) is { } row ? (row.LiveNumber, row.OwnNumber) : default);
        Assert.Equal(
            [(3_000_000_000, 0L), (12, 9), (0, 0)],
            (await store.EnumerateAsync(Ct).ToListAsync(Ct)).Select(r => (r.LiveNumber, r.OwnNumber))
        );
        await using (var unit = await store.BeginAsync(["a", "d"], Ct))
        {
            Assert.Equal(3_000_000_000, unit.Find("a")!.LiveNumber);
            Assert.Equal(6, unit.Find("d")!.OwnNumber);
        }
        await store.DisposeAsync();
    }

    [Fact]
    public async Task Opening_again_tells_what_was_committed()
    {
        var store = await Opened();
        var plan = Plan(Row("a", 1, "x"), Row("b", 1, "y"), Tombstone("c", 2));
        plan.Positions.Add(new(new("probe.item.v1", 0), 77, 11));
        plan.Positions.Add(new(new("probe.item.v1", 5), 77, 12));
        plan.Park.Add(Parked("p", "why", null));
        plan.Counters = new(6, 3, 2, 0);
        plan.BecameLive = true;
        plan.LayoutHash = Fingerprint.Of("hash"u8);
        plan.FloorEpoch = 4;
        await Commit(store, plan);
        if (Durable)
        {
            await store.DisposeAsync();
            store = Create();
        }
        await using var reopened = store;
        var contents = await reopened.OpenAsync(Layout(), Ct);
        Assert.Equal(Fingerprint.Of("hash"u8), contents.LayoutHash);
        Assert.True(contents.WasLive);
        Assert.Equal(new ReplicaCounters(6, 3, 2, 0), contents.Counters);
        Assert.Equal((2, 1, 4), (contents.Keys, contents.Parked, contents.FloorEpoch));
        Assert.Equal(plan.Positions, contents.Positions.OrderBy(p => p.Lane.Number));
        Assert.Equal("x", Value(await reopened.FindAsync("a", Ct)));
    }

    [Fact]
    public async Task Sums_grow_and_what_is_not_said_stays()
    {
        await using var store = await Opened();
        var first = Plan();
        first.Counters = new(3, 2, 1, 0);
        first.BecameLive = true;
        first.LayoutHash = Fingerprint.Of("hash"u8);
        first.FloorEpoch = 9;
        first.Positions.Add(new(new("probe.item.v1", 0), 77, 11));
        await Commit(store, first);
        var second = Plan();
        second.Counters = new(1, 0, 0, 1);
        second.FloorEpoch = 8;
        second.Positions.Add(new(new("probe.item.v1", 0), 78, 2));
        await Commit(store, second);

        var contents = await store.OpenAsync(Layout(), Ct);
        Assert.Equal(new ReplicaCounters(4, 2, 1, 1), contents.Counters);
        Assert.True(contents.WasLive);
        Assert.Equal(Fingerprint.Of("hash"u8), contents.LayoutHash);
        Assert.Equal(9, contents.FloorEpoch);
        Assert.Equal([new LanePosition(new("probe.item.v1", 0), 78, 2)], contents.Positions);
    }

    [Fact]
    public async Task Resetting_positions_forgets_those_not_named()
    {
        await using var store = await Opened();
        var first = Plan(Row("a", 1, "x"));
        first.Positions.Add(new(new("probe.item.v1", 0), 77, 11));
        first.Positions.Add(new(new("probe.item.v1", 1), 77, 12));
        await Commit(store, first);
        var second = Plan();
        second.ResetPositions = true;
        second.Positions.Add(new(new("probe.item.v1", 1), 78, 1));
        await Commit(store, second);

        var contents = await store.OpenAsync(Layout(), Ct);
        Assert.Equal([new LanePosition(new("probe.item.v1", 1), 78, 1)], contents.Positions);
        Assert.Equal(1, contents.Keys);
    }

    [Fact]
    public async Task Unit_disposed_without_commit_leaves_nothing()
    {
        await using var store = await Opened(handlers: ["first"]);
        await Commit(store, Plan(Row("a", 1, "x")));
        await using (var unit = await store.BeginAsync(["a", "b"], Ct))
            Assert.NotNull(unit.Find("a"));
        await Commit(store, Plan(Row("c", 1, "z")));

        Assert.Equal("x", Value(await store.FindAsync("a", Ct)));
        Assert.Null(await store.FindAsync("b", Ct));
        Assert.Equal(2, (await store.OpenAsync(Layout(handlers: ["first"]), Ct)).Keys);
    }

    [Fact]
    public async Task Cancelled_commit_leaves_nothing_and_the_store_goes_on()
    {
        await using var store = await Opened();
        using var cancelled = new CancellationTokenSource();
        await using (var unit = await store.BeginAsync(["a"], Ct))
        {
            await cancelled.CancelAsync();
            try
            {
                await unit.CommitAsync(Plan(Row("a", 1, "x")), cancelled.Token);
                Assert.NotNull(await store.FindAsync("a", Ct)); // a store may be past the point of no return
            }
            catch (OperationCanceledException)
            {
                Assert.Null(await store.FindAsync("a", Ct));
            }
        }
        await Commit(store, Plan(Row("a", 2, "y")));
        Assert.Equal("y", Value(await store.FindAsync("a", Ct)));
    }

    [Fact]
    public async Task Unit_finds_rows_and_parked_events_of_its_keys()
    {
        await using var store = await Opened(handlers: ["first"]);
        var plan = Plan(Row("a", 3, "x"), Tombstone("b", 4));
        plan.Park.Add(Parked("c", "broken", Event("c", 9, "later")));
        await Commit(store, plan);

        await using var unit = await store.BeginAsync(["c", "b", "a", "d"], Ct);
        Assert.Equal(3, unit.Find("a")!.Revision.Number);
        Assert.Equal("x", Value(unit.Find("a")));
        Assert.True(unit.Find("b")!.Deleted);
        Assert.Null(unit.Find("c"));
        Assert.Null(unit.Find("d"));
        Assert.Equal("broken", unit.FindParked("c")!.Reason);
        Assert.Null(unit.FindParked("a"));
    }

    [Fact]
    public async Task Tombstone_stays_and_hides_the_key()
    {
        await using var store = await Opened();
        await Commit(store, Plan(Row("a", 1, "x"), Row("b", 1, "y")));
        await Commit(store, Plan(Tombstone("a", 2)));

        Assert.Equal(2, (await store.FindAsync("a", Ct))!.Revision.Number);
        Assert.Equal(["b"], await Keys(store.EnumerateAsync(Ct)));
        Assert.Equal(1, (await store.OpenAsync(Layout(), Ct)).Keys);
        await Commit(store, Plan(Row("a", 3, "again")));
        Assert.Equal(["a", "b"], await Keys(store.EnumerateAsync(Ct)));
        Assert.Equal(2, (await store.OpenAsync(Layout(), Ct)).Keys);
    }

    [Fact]
    public async Task Enumeration_goes_by_key()
    {
        await using var store = await Opened();
        string[] keys = ["b", "a/2", "a/10", "Z", "%C3%A4", "a", "z~"];
        await Commit(store, Plan([.. keys.Select(k => Row(k, 1, k))]));
        Assert.Equal(keys.Order(StringComparer.Ordinal), await Keys(store.EnumerateAsync(Ct)));
    }

    [Fact]
    public async Task Readers_see_whole_commits_while_a_batch_is_written()
    {
        await using var store = await Opened();
        await Commit(store, Plan(Row("a", 1, "x")));
        await using var unit = await store.BeginAsync(["a"], Ct);
        Assert.Equal("x", Value(await store.FindAsync("a", Ct)));
        await unit.CommitAsync(Plan(Row("a", 2, "y")), Ct);
        Assert.Equal("y", Value(await store.FindAsync("a", Ct)));
    }

    [Fact]
    public async Task Index_finds_rows_by_value_in_key_order()
    {
        await using var store = await Opened(["colour", "size"]);
        await Commit(
            store,
            Plan(
                Row("c", 1, "c", new("colour", "red"), new("size", "1")),
                Row("a", 1, "a", new("colour", "red"), new("colour", "blue")),
                Row("b", 1, "b", new("size", "red"), new("colour", ""))
            )
        );
        Assert.Equal(["a", "c"], await Keys(store.QueryAsync("colour", "red", Ct)));
        Assert.Equal(["a"], await Keys(store.QueryAsync("colour", "blue", Ct)));
        Assert.Equal(["b"], await Keys(store.QueryAsync("colour", "", Ct)));
        Assert.Equal(["b"], await Keys(store.QueryAsync("size", "red", Ct)));
        Assert.Empty(await Keys(store.QueryAsync("colour", "green", Ct)));
        Assert.Equal("c", Value((await store.QueryAsync("size", "1", Ct).ToListAsync(Ct)).Single()));
    }

    [Fact]
    public async Task Index_entries_of_a_row_are_replaced()
    {
        await using var store = await Opened(["colour"]);
        await Commit(
            store,
            Plan(Row("a", 1, "a", new("colour", "red"), new("colour", "blue")), Row("b", 1, "b", new IndexEntry("colour", "red")))
        );
        await Commit(store, Plan(Row("a", 2, "a", new("colour", "blue"), new("colour", "green"))));
        Assert.Equal(["b"], await Keys(store.QueryAsync("colour", "red", Ct)));
        Assert.Equal(["a"], await Keys(store.QueryAsync("colour", "blue", Ct)));
        Assert.Equal(["a"], await Keys(store.QueryAsync("colour", "green", Ct)));
        await Commit(store, Plan(Tombstone("a", 3), Row("b", 2, "b2", new IndexEntry("colour", "red"))));
        Assert.Empty(await Keys(store.QueryAsync("colour", "blue", Ct)));
        Assert.Equal("b2", Value((await store.QueryAsync("colour", "red", Ct).ToListAsync(Ct)).Single()));
    }

    [Fact]
    public async Task Index_entries_are_replaced_when_the_unit_did_not_load_the_key()
    {
        await using var store = await Opened(["colour"]);
        await Commit(store, Plan(Row("a", 1, "a", new IndexEntry("colour", "red"))));
        await using (var unit = await store.BeginAsync([], Ct))
            await unit.CommitAsync(Plan(Row("a", 2, "a", new IndexEntry("colour", "blue"))), Ct);
        Assert.Empty(await Keys(store.QueryAsync("colour", "red", Ct)));
        Assert.Equal(["a"], await Keys(store.QueryAsync("colour", "blue", Ct)));
        Assert.Equal(1, (await store.OpenAsync(Layout(indexes: ["colour"]), Ct)).Keys);
    }

    [Fact]
    public async Task Parked_event_comes_back_as_it_was_parked()
    {
        await using var store = await Opened();
        var plan = Plan();
        plan.Park.Add(Parked("a", "schema", Event("a", 5, "x")));
        plan.Park.Add(Parked("b", "no body", Event("b", 6, null)));
        plan.Park.Add(Parked("c", "patch", Event("c", 7, "x") with { Operation = StateOperation.Patch, Base = 5 }));
        plan.Park.Add(Parked("?3@17", "no envelope", null, [1, 2, 0, 255]));
        await Commit(store, plan);

        var parked = await store.Inbox.ParkedAsync(Ct).ToDictionaryAsync(p => p.Key, cancellationToken: Ct);
        Assert.Equal(4, parked.Count);
        var expected = Event("a", 5, "x");
        Assert.Equal(expected with { Body = default }, parked["a"].Event! with { Body = default });
        Assert.Equal(Text(expected.Body), Text(parked["a"].Event!.Body));
        Assert.Equal(("schema", Time), (parked["a"].Reason, parked["a"].ParkedAt));
        Assert.True(parked["b"].Event!.IsDelete);
        Assert.Null(parked["b"].Event!.Content);
        Assert.Equal((StateOperation.Patch, 5), (parked["c"].Event!.Operation, parked["c"].Event!.Base));
        Assert.Null(parked["?3@17"].Event);
        Assert.Equal<byte>([1, 2, 0, 255], parked["?3@17"].Raw.ToArray());
    }

    [Fact]
    public async Task Parked_event_is_one_per_key_until_it_is_unparked()
    {
        await using var store = await Opened();
        var first = Plan();
        first.Park.Add(Parked("a", "one", Event("a", 5, "x")));
        first.Park.Add(Parked("b", "two", Event("b", 5, "x")));
        await Commit(store, first);
        var second = Plan();
        second.Park.Add(Parked("a", "three", Event("a", 6, "y")));
        second.Unpark.Add("b");
        second.Unpark.Add("never");
        await Commit(store, second);

        var left = Assert.Single(await store.Inbox.ParkedAsync(Ct).ToListAsync(Ct));
        Assert.Equal(("a", "three", 6), (left.Key, left.Reason, left.Event!.Revision.Number));
        Assert.Equal(1, (await store.OpenAsync(Layout(), Ct)).Parked);
    }
}
