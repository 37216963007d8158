using System.Text;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Conformance.Outbox;

/// <summary>What every outbox store must do. An implementation runs it by a factory and an empty subclass.</summary>
public abstract class OutboxStoreConformance
{
    private const string Shard = "carrier";
    private static readonly DateTimeOffset CapturedAt = new DateTimeOffset(2026, 2, 28, 11, 0, 0, TimeSpan.Zero).AddMicroseconds(7);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(20);
    private static readonly LaneId[] Lanes = [new("probe.item.v1", 0), new("probe.item.v1", 1), new("probe.other.v1", 0)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>An empty database with the tables.</summary>
    protected abstract Task<OutboxDatabase> CreateAsync();

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
    public async Task Row_is_read_as_it_was_captured()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var upsert = Row("a%2Fb/c", 3);
        var delete = Row("b", 9) with
        {
            Operation = StateOperation.Delete,
            Content = null,
            Body = default,
            Causes = null,
            TraceParent = null,
            TraceState = null,
            KeepEach = true,
        };
        var sequences = await database.AddAsync(upsert, delete);
        var rows = (await store.ReadAsync(Fresh(), Ct)).Rows;
        Assert.Equal(sequences, rows.Select(r => r.Sequence));
        Assert.Equal(upsert with { Sequence = sequences[0], Body = default }, rows[0] with { Body = default });
        Assert.Equal(upsert.Body.ToArray(), rows[0].Body.ToArray());
        Assert.Equal(delete with { Sequence = sequences[1] }, rows[1] with { Body = default });
        Assert.True(rows[1].Body.IsEmpty);
    }

    [Fact]
    public async Task Snapshot_tells_the_whole_shard_whatever_rows_are_asked_for()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var empty = await store.ReadAsync(Fresh(), Ct);
        Assert.Equal((null, null, 0, null), (empty.LowestSequence, empty.HighestSequence, empty.Count, empty.OldestCapture));
        Assert.Empty(empty.Published);

        var grant = await Take(store);
        var sequences = await database.AddAsync(
            Row("a", 1),
            Row("b", 1) with
            {
                Lane = Lanes[1],
                CapturedAt = database.Clock.GetUtcNow().AddSeconds(1),
            },
            Row("x", 1) with
            {
                Carrier = "other",
            },
            Row("c", 1),
            Row("d", 1) with
            {
                Lane = Lanes[1],
            }
        );
        Assert.True(await store.CommitAsync(Change(grant) with { Claims = [Claim(sequences[0], 1, grant)] }, Ct));
        await database.PublishAsync(Shard, "probe.item.v1", ended: true);
        await database.PublishAsync(Shard, "probe.other.v1", ended: false);
        await database.PublishAsync("other", "probe.other.v1", ended: true);

        var snapshot = await store.ReadAsync(new(Shard, false, 1, sequences[1], [Lanes[1]]), Ct);
        Assert.Equal("c", Assert.Single(snapshot.Rows).Key);
        Assert.Equal((sequences[0], sequences[4], 4), (snapshot.LowestSequence, snapshot.HighestSequence, snapshot.Count));
        Assert.Equal(Row("a", 1).CapturedAt, snapshot.OldestCapture);
        Assert.Equal(["probe.item.v1"], snapshot.Published);
        Assert.Equal(database.Clock.GetUtcNow(), snapshot.Clock);

        Assert.Equal(["b", "c", "d"], (await store.ReadAsync(Fresh(), Ct)).Rows.Select(r => r.Key));
        Assert.Equal(["b", "c"], (await store.ReadAsync(Fresh() with { Limit = 2 }, Ct)).Rows.Select(r => r.Key));
        Assert.Equal(["d"], (await store.ReadAsync(Fresh() with { After = sequences[3] }, Ct)).Rows.Select(r => r.Key));
        Assert.Equal(["a"], (await store.ReadAsync(Fresh() with { Claimed = true }, Ct)).Rows.Select(r => r.Key));
    }

    [Fact]
    public async Task Claim_is_kept_with_all_that_it_says_across_a_take_over()
    {
        await using var database = await CreateAsync();
        await using var first = database.Open();
        await using var second = database.Open();
        var held = await Take(first);
        var sequences = await database.AddAsync(Row("a", 1), Row("a", 2), Row("b", 1));
        var change = Change(held) with
        {
            Claims = [new(sequences[1], 1, held.Epoch, StateOperation.Snapshot, "Created,Paid", CapturedAt)],
            Coalesced = [sequences[0]],
            Lanes = [new(Lanes[0], 2, 0, 0)],
        };
        Assert.True(await first.CommitAsync(change, Ct));
        database.Clock.Advance(Duration);

        var taken = await Take(second);
        Assert.Equal(held.Counter + 1, taken.Counter);
        Assert.Equal(2, taken.Lanes.Single(l => l.Lane == Lanes[0]).NextNumber);
        Assert.Equal(2, (await database.LinesAsync()).Single(l => l.LeaseId == taken.LeaseId && l.Lane == Lanes[0]).FirstNumber);
        var row = Assert.Single((await second.ReadAsync(Fresh() with { Claimed = true }, Ct)).Rows);
        Assert.Equal((sequences[1], 1, held.Epoch), (row.Sequence, row.LaneNumber, row.Epoch));
        Assert.Equal((StateOperation.Snapshot, "Created,Paid"), (row.Operation, row.Causes));
        // A number travels with the lease under which it was given out, whoever sends it; a store that does not keep it says nothing.
        Assert.True(row.LeaseId is null || row.LeaseId == held.LeaseId);
        Assert.Equal(["b"], (await second.ReadAsync(Fresh(), Ct)).Rows.Select(r => r.Key));
    }

    [Theory]
    [InlineData("lease")]
    [InlineData("counter")]
    [InlineData("epoch")]
    [InlineData("claimed")]
    [InlineData("gone")]
    public async Task Stale_commit_changes_nothing(string stale)
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        var sequences = await database.AddAsync(Row("a", 1), Row("b", 1), Row("c", 1));
        Assert.True(await store.CommitAsync(Change(grant) with { Claims = [Claim(sequences[0], 1, grant)] }, Ct));
        var now = grant with { Counter = grant.Counter + 1 };
        var change = Change(now) with
        {
            Claims = [Claim(sequences[1], 2, now)],
            Done = [sequences[0]],
            Lanes = [new(Lanes[0], 9, 5, 7)],
            Republish = [RepublishRequest.All("probe.item", "test")],
        };
        switch (stale)
        {
            case "lease":
                change = change with { LeaseId = Guid.NewGuid() };
                break;
            case "counter":
                change = change with { Counter = grant.Counter };
                break;
            case "epoch":
                await database.SetEpochAsync(grant.Epoch + 1);
                break;
            case "claimed":
                change = change with { Claims = [Claim(sequences[1], 2, now), Claim(sequences[0], 3, now)] };
                break;
            default:
                change = change with { Claims = [Claim(sequences[1], 2, now), Claim(sequences[2] + 100, 3, now)] };
                break;
        }
        Assert.False(await store.CommitAsync(change, Ct));

        Assert.Equal(["b", "c"], (await store.ReadAsync(Fresh(), Ct)).Rows.Select(r => r.Key));
        var claimed = Assert.Single((await store.ReadAsync(Fresh() with { Claimed = true }, Ct)).Rows);
        Assert.Equal(("a", 1), (claimed.Key, claimed.LaneNumber));
        Assert.Empty(await database.QueuedAsync());
        await store.ReleaseAsync(Shard, grant.LeaseId, Ct);
        var again = await Take(store);
        Assert.Equal(now.Counter, again.Counter);
        Assert.Equal(new LaneCounter(Lanes[0], 1, 0, 0), again.Lanes.Single(l => l.Lane == Lanes[0]));
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
    public async Task Counter_rises_with_claims_only()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        var sequence = Assert.Single(await database.AddAsync(Row("a", 1)));
        Assert.True(await store.CommitAsync(Change(grant), Ct));
        Assert.True(await store.CommitAsync(Change(grant) with { Claims = [Claim(sequence, 1, grant)] }, Ct));
        Assert.False(await store.CommitAsync(Change(grant), Ct));
        Assert.True(await store.CommitAsync(Change(grant with { Counter = grant.Counter + 1 }) with { Done = [sequence] }, Ct));
        Assert.True(await store.CommitAsync(Change(grant with { Counter = grant.Counter + 1 }), Ct));
    }

    [Fact]
    public async Task Done_rows_go_and_their_sequence_is_never_used_again()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        var sequences = await database.AddAsync(Row("a", 1), Row("b", 1));
        Assert.True(await store.CommitAsync(Change(grant) with { Done = sequences }, Ct));
        Assert.Equal(0, (await store.ReadAsync(Fresh(), Ct)).Count);
        var next = Assert.Single(await database.AddAsync(Row("c", 1)));
        Assert.True(next > sequences[1]);
        var snapshot = await store.ReadAsync(Fresh(), Ct);
        Assert.Equal((next, next, 1), (snapshot.LowestSequence, snapshot.HighestSequence, snapshot.Count));
        Assert.Equal("c", Assert.Single(snapshot.Rows).Key);
    }

    [Fact]
    public async Task Rows_are_found_beside_another_shards_backlog()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        for (var i = 0; i < 5; i++)
        {
            await database.AddAsync(Row($"x{i}", 1) with { Carrier = "other" });
            Assert.Equal(i, (await store.ReadAsync(Fresh(), Ct)).Rows.Count);
            await database.AddAsync(Row($"a{i}", 1), Row($"y{i}", 1) with { Carrier = "other" });
            var snapshot = await store.ReadAsync(Fresh(), Ct);
            Assert.Equal($"a{i}", snapshot.Rows[^1].Key);
            Assert.Equal(i + 1, snapshot.Count);
        }
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
    public async Task Wish_for_a_whole_destination_takes_back_its_completeness()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        await database.PublishAsync(Shard, "probe.item.v1", ended: true);
        await database.PublishAsync(Shard, "probe.other.v1", ended: true);
        await database.PublishAsync("other", "probe.item.v1", ended: true);
        var key = new RepublishRequest("probe.item", "a", 0, 4095, "probe.item.v1", "buried");
        Assert.True(await store.CommitAsync(Change(grant) with { Republish = [key] }, Ct));
        Assert.Contains("probe.item.v1", (await store.ReadAsync(Fresh(), Ct)).Published);
        var all = RepublishRequest.All("probe.item", "made anew") with { Destination = "probe.item.v1" };
        Assert.True(await store.CommitAsync(Change(grant) with { Republish = [all] }, Ct));
        Assert.Equal(["probe.other.v1"], (await store.ReadAsync(Fresh(), Ct)).Published);
        Assert.Equal(["probe.item.v1"], (await store.ReadAsync(Fresh() with { Shard = "other" }, Ct)).Published);
    }

    [Fact]
    public async Task Wait_ends_when_rows_come()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        await store.ReadAsync(Fresh(), Ct);
        var waiting = store.WaitAsync(TimeSpan.FromMinutes(1), Ct).AsTask();
        await database.AddAsync(Row("a", 1));
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), Ct);
        Assert.Single((await store.ReadAsync(Fresh(), Ct)).Rows);
    }

    [Fact]
    public async Task Wait_ends_at_once_when_rows_came_since_the_last_look()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        await store.ReadAsync(Fresh(), Ct);
        await database.AddAsync(Row("a", 1));
        Assert.True(await store.CommitAsync(Change(grant), Ct));
        await store.WaitAsync(TimeSpan.FromMinutes(1), Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Ct);
    }

    [Fact]
    public async Task Wait_ends_by_time_out_and_by_cancellation()
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        await store.ReadAsync(Fresh(), Ct);
        await store.WaitAsync(TimeSpan.FromMilliseconds(30), Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Ct);
        using var cancelled = new CancellationTokenSource();
        var waiting = store.WaitAsync(TimeSpan.FromMinutes(1), cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(20), Ct));
        await database.AddAsync(Row("a", 1));
        Assert.Single((await store.ReadAsync(Fresh(), Ct)).Rows);
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

    private static LeaseRequest Ask(Guid id) => new(Shard, "host/1", id, Duration, Lanes);

    private static OutboxQuery Fresh() => new(Shard, false, 100, 0, []);

    private static OutboxClaim Claim(long sequence, long number, LeaseGrant grant) =>
        new(sequence, number, grant.Epoch, StateOperation.Upsert, "Created", CapturedAt);

    private static OutboxCommit Change(LeaseGrant grant) =>
        new()
        {
            Shard = Shard,
            LeaseId = grant.LeaseId,
            Counter = grant.Counter,
            Epoch = grant.Epoch,
            Renew = Duration,
        };

    private static async Task<LeaseGrant> Take(IOutboxStore store) =>
        await store.AcquireAsync(Ask(Guid.NewGuid()), Ct) ?? throw new InvalidOperationException("The lease is held by another.");

    private static OutboxRow Row(string key, long revision) =>
        new()
        {
            Carrier = Shard,
            Lane = Lanes[0],
            Contract = "probe.item",
            Key = key,
            Revision = revision,
            Operation = StateOperation.Upsert,
            Causes = "Created",
            Codec = "json",
            Schema = Fingerprint.Of("schema"u8),
            Content = Fingerprint.Of(Encoding.UTF8.GetBytes(key)),
            Body = Encoding.UTF8.GetBytes($"{{\"key\":\"{key}\"}}"),
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            TraceState = "vendor=1",
            CapturedAt = CapturedAt,
        };
}
