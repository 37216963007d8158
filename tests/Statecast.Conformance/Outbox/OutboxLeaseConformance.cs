using Statecast.Events;
using Statecast.Outbox;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Conformance.Outbox;

/// <summary>What every outbox store must do with leases, lanes' numbers and their lines, and when its database went back.</summary>
public abstract class OutboxLeaseConformance : OutboxConformance
{
    [Fact]
    public async Task First_lease_begins_every_lane_at_number_one()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var id = Guid.NewGuid();
        var grant = await store.AcquireAsync(Ask(id), Ct);
        Assert.NotNull(grant);
        Assert.Equal((id, false, 0), (grant.LeaseId, grant.TakenOver, grant.Counter));
        Assert.True(grant.Epoch > 0);
        Assert.True(grant.Fencing > 0);
        Assert.Equal(database.Clock.GetUtcNow() + Duration, grant.ExpiresAt);
        Assert.Equal(Lanes.Select(l => new LaneCounter(l, 1, 0, 0)), grant.Lanes);
        Assert.Equal(
            Lanes.Select(l => new LaneLine(l, id, 1)).OrderBy(l => l.Lane.ToString()),
            (await database.LinesAsync()).OrderBy(l => l.Lane.ToString())
        );
    }

    [Fact]
    public async Task Held_lease_is_refused_until_it_is_released()
    {
        await using var database = await CreateAsync();
        await using var first = database.Open();
        await using var second = database.Open();
        var held = await Take(first);
        Assert.Null(await second.AcquireAsync(Ask(Guid.NewGuid()), Ct));
        await second.ReleaseAsync(Shard, Guid.NewGuid(), Ct);
        Assert.Null(await second.AcquireAsync(Ask(Guid.NewGuid()), Ct));

        await first.ReleaseAsync(Shard, held.LeaseId, Ct);
        var next = await Take(second);
        Assert.False(next.TakenOver);
        Assert.True(next.Fencing > held.Fencing);
        Assert.Equal(held.Epoch, next.Epoch);
        await first.ReleaseAsync(Shard, held.LeaseId, Ct);
        Assert.Null(await first.AcquireAsync(Ask(Guid.NewGuid()), Ct));
    }

    [Fact]
    public async Task Lease_that_ran_out_is_taken_over_and_says_so()
    {
        await using var database = await CreateAsync();
        await using var first = database.Open();
        await using var second = database.Open();
        var held = await Take(first);
        database.Clock.Advance(Duration - TimeSpan.FromMilliseconds(1));
        Assert.Null(await second.AcquireAsync(Ask(Guid.NewGuid()), Ct));
        Assert.True(await first.CommitAsync(Change(held), Ct));
        database.Clock.Advance(Duration - TimeSpan.FromMilliseconds(1));
        Assert.Null(await second.AcquireAsync(Ask(Guid.NewGuid()), Ct));
        database.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var taken = await Take(second);
        Assert.True(taken.TakenOver);
        Assert.True(taken.Fencing > held.Fencing);
    }

    [Fact]
    public async Task Only_one_of_many_gets_the_lease()
    {
        await using var database = await CreateAsync();
        var stores = Enumerable.Range(0, 6).Select(_ => database.Open()).ToList();
        var grants = await Task.WhenAll(stores.Select(s => Task.Run(() => s.AcquireAsync(Ask(Guid.NewGuid()), Ct).AsTask())));
        Assert.Single(grants, g => g is not null);
        foreach (var store in stores)
            await store.DisposeAsync();
    }

    [Fact]
    public async Task Shards_have_leases_of_their_own()
    {
        await using var database = await CreateAsync();
        await using var first = database.Open();
        await using var second = database.Open();
        await Take(first);
        Assert.NotNull(await second.AcquireAsync(Ask(Guid.NewGuid()) with { Shard = "other" }, Ct));
        await database.AddAsync(Row("a", 1), Row("b", 1) with { Carrier = "other" });
        Assert.Equal("a", Assert.Single((await first.ReadAsync(Fresh(), Ct)).Rows).Key);
        Assert.Equal("b", Assert.Single((await second.ReadAsync(Fresh() with { Shard = "other" }, Ct)).Rows).Key);
    }

    [Fact]
    public async Task Holder_that_was_taken_over_changes_nothing()
    {
        await using var database = await CreateAsync();
        await using var first = database.Open();
        await using var second = database.Open();
        var held = await Take(first);
        var sequence = Assert.Single(await database.AddAsync(Row("a", 1)));
        database.Clock.Advance(Duration);
        var taken = await Take(second);
        Assert.False(await first.CommitAsync(Change(held) with { Claims = [Claim(sequence, 1, held)] }, Ct));
        Assert.False(await first.CommitAsync(Change(held) with { Done = [sequence] }, Ct));
        await first.ReleaseAsync(Shard, held.LeaseId, Ct);
        Assert.True(await second.CommitAsync(Change(taken) with { Claims = [Claim(sequence, 1, taken)] }, Ct));
    }

    [Fact]
    public async Task Lane_counters_and_wishes_are_stored()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        RepublishRequest[] wishes =
        [
            new("probe.item", "a/b", 0, 4095, "probe.item.v1", "buried"),
            RepublishRequest.All("probe.other", "asked"),
        ];
        Assert.True(await store.CommitAsync(Change(grant) with { Lanes = [new(Lanes[1], 7, 99, 12)], Republish = wishes }, Ct));
        Assert.Equal(wishes, await database.QueuedAsync());
        await store.ReleaseAsync(Shard, grant.LeaseId, Ct);
        var again = await Take(store);
        Assert.Equal(new LaneCounter(Lanes[1], 7, 99, 12), again.Lanes.Single(l => l.Lane == Lanes[1]));
        Assert.Equal(new LaneCounter(Lanes[0], 1, 0, 0), again.Lanes.Single(l => l.Lane == Lanes[0]));
    }

    [Fact]
    public async Task Lease_tells_the_line_of_every_lanes_numbers()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var first = await Take(store);
        Assert.True(await store.CommitAsync(Change(first) with { Lanes = [new(Lanes[0], 5, 0, 0)] }, Ct));
        await store.ReleaseAsync(Shard, first.LeaseId, Ct);
        var second = await Take(store);
        Assert.Equal(
            [new LaneLine(Lanes[0], first.LeaseId, 1), new LaneLine(Lanes[0], second.LeaseId, 5)],
            second.Lines.Where(l => l.Lane == Lanes[0])
        );
        Assert.Equal([first.LeaseId, second.LeaseId], second.Lines.Where(l => l.Lane == Lanes[1]).Select(l => l.LeaseId));
    }

    [Fact]
    public async Task Snapshot_shows_the_lease_as_it_stands()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        Assert.Equal(new(grant.LeaseId, grant.Counter, grant.Epoch), (await store.ReadAsync(Fresh(), Ct)).Standing);
        var sequence = (await database.AddAsync(Row("a", 1)))[0];
        Assert.True(await store.CommitAsync(Change(grant) with { Claims = [Claim(sequence, 1, grant)] }, Ct));
        await database.SetEpochAsync(grant.Epoch + 5);
        Assert.Equal(new(grant.LeaseId, grant.Counter + 1, grant.Epoch + 5), (await store.ReadAsync(Fresh(), Ct)).Standing);
        await store.ReleaseAsync(Shard, grant.LeaseId, Ct);
        Assert.Null((await store.ReadAsync(Fresh(), Ct)).Standing.LeaseId);
    }

    [Fact]
    public async Task Database_that_went_back_is_another_incarnation_in_one_transaction()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        await database.PublishAsync(Shard, "probe.item.v1", ended: true);
        await database.PublishAsync(Shard, "probe.other.v1", ended: false);
        var sequences = await database.AddAsync(Row("a", 1), Row("b", 1));
        var claim = Change(grant) with
        {
            Claims = [new(sequences[0], 1, grant.Epoch, StateOperation.Upsert, "Created", CapturedAt)],
            Lanes = [new(Lanes[0], 2, 0, 0)],
            // Queued before: everything is queued anew in its place.
            Republish = [RepublishRequest.All("probe.item", "asked for") with { Destination = "probe.item.v1" }],
        };
        Assert.True(await store.CommitAsync(claim, Ct));
        var highest = Math.Max(grant.Epoch, database.Clock.GetUtcNow().ToUnixTimeMilliseconds()) + 1_000;
        var back = Change(grant) with
        {
            Counter = grant.Counter + 1,
            Lanes = [new(Lanes[0], 9, 0, 0)],
            GoBackFrom = new(highest, "a test"),
        };
        // Conditional, as every other.
        Assert.False(await store.CommitAsync(back with { Counter = grant.Counter }, Ct));
        Assert.Equal(grant.Epoch, (await store.ReadAsync(Fresh(), Ct)).Standing.Epoch);

        Assert.True(await store.CommitAsync(back, Ct));
        var after = await store.ReadAsync(Fresh(), Ct);
        Assert.Equal(highest + 1, after.Standing.Epoch);
        Assert.Equal([("a", (long?)null, (long?)null), ("b", null, null)], after.Rows.Select(r => (r.Key, r.LaneNumber, r.Epoch)));
        Assert.Empty(after.Published);
        Assert.Empty(await database.LinesAsync());
        var queued = await database.QueuedAsync();
        Assert.Equal(["probe.item.v1", "probe.other.v1"], queued.Select(q => q.Destination));
        Assert.All(queued, q => Assert.Equal((null, 0, 4095), (q.Key, q.FirstBucket, q.LastBucket)));
        Assert.All(queued, q => Assert.Contains("a test", q.Reason, StringComparison.Ordinal));

        // The old incarnation is over for who still remembers it, and the next lease begins the line.
        Assert.False(await store.CommitAsync(Change(grant) with { Counter = grant.Counter + 1 }, Ct));
        await store.ReleaseAsync(Shard, grant.LeaseId, Ct);
        var next = await Take(store);
        Assert.Equal((highest + 1, new LaneCounter(Lanes[0], 9, 0, 0)), (next.Epoch, next.Lanes[0]));
        Assert.Equal(new(Lanes[0], next.LeaseId, 9), Assert.Single(next.Lines, l => l.Lane == Lanes[0]));
    }

    [Fact]
    public async Task Row_under_a_sequence_that_was_another_rows_is_not_claimed()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        var sequence = (await database.AddAsync(Row("a", 1)))[0];
        var other = Claim(sequence, 1, grant) with { CapturedAt = CapturedAt.AddMicroseconds(-1) };
        Assert.False(await store.CommitAsync(Change(grant) with { Claims = [other] }, Ct));
        Assert.Null((await store.ReadAsync(Fresh(), Ct)).Rows.Single().LaneNumber);
        Assert.True(await store.CommitAsync(Change(grant) with { Claims = [Claim(sequence, 1, grant)] }, Ct));
    }

    [Fact]
    public async Task New_epoch_is_above_the_clock_and_the_old_one_too()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        await database.SetEpochAsync(7);
        Assert.True(await store.CommitAsync(Change(grant) with { Epoch = 7, GoBackFrom = new(7, "a test") }, Ct));
        var now = database.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.Equal(now, (await store.ReadAsync(Fresh(), Ct)).Standing.Epoch);
        Assert.True(await store.CommitAsync(Change(grant) with { Epoch = now, GoBackFrom = new(7, "a test") }, Ct));
        Assert.Equal(now + 1, (await store.ReadAsync(Fresh(), Ct)).Standing.Epoch);
    }

    [Fact]
    public async Task Snapshot_lane_keeps_its_numbers_and_its_line()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var own = SnapshotLane.Of(Lanes[1], "probe.item.v1.target>1");
        var first = await Take(store);
        var sequences = await database.AddAsync(Row("a", 1) with { Lane = own }, Row("b", 1) with { Lane = own });
        var claims = Change(first) with
        {
            Claims = [Claim(sequences[0], 1, first), Claim(sequences[1], 2, first)],
            Lanes = [new(own, 3, 0, 0)],
        };
        Assert.True(await store.CommitAsync(claims, Ct));
        await store.ReleaseAsync(Shard, first.LeaseId, Ct);

        var second = await Take(store);
        Assert.Equal(new LaneCounter(own, 3, 0, 0), Assert.Single(second.Lanes, l => l.Lane == own));
        Assert.Equal([new(own, first.LeaseId, 1), new LaneLine(own, second.LeaseId, 3)], second.Lines.Where(l => l.Lane == own));
        var rows = (await store.ReadAsync(Fresh() with { Claimed = true }, Ct)).Rows;
        Assert.Equal(
            [(own, 1L, first.LeaseId), (own, 2L, first.LeaseId)],
            rows.Select(r => (r.Lane, r.LaneNumber!.Value, r.LeaseId!.Value))
        );
        await using var other = database.Open();
        Assert.DoesNotContain((await other.AcquireAsync(Ask(Guid.NewGuid()) with { Shard = "other" }, Ct))!.Lanes, l => l.Lane == own);
    }
}
