using Statecast.Events;
using Statecast.Outbox;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Conformance.Outbox;

/// <summary>What every outbox store must do. An implementation runs it by a factory and an empty subclass.</summary>
public abstract class OutboxStoreConformance : OutboxLeaseConformance
{
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
        var patch = Row("c", 8) with { Operation = StateOperation.Patch, Base = 5 };
        var sequences = await database.AddAsync(upsert, patch, delete, Row("d", 1));
        var rows = (await store.ReadAsync(Fresh(), Ct)).Rows;
        Assert.Equal(sequences, rows.Select(r => r.Sequence));
        Assert.Equal(upsert with { Sequence = sequences[0], Body = default }, rows[0] with { Body = default });
        Assert.Equal(upsert.Body.ToArray(), rows[0].Body.ToArray());
        Assert.Equal(patch with { Sequence = sequences[1], Body = default }, rows[1] with { Body = default });
        Assert.Equal(delete with { Sequence = sequences[2] }, rows[2] with { Body = default });
        Assert.True(rows[2].Body.IsEmpty);
        Assert.Equal(0, rows[3].Base);
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

    [Theory]
    [InlineData("nothing", false)]
    [InlineData("claims", true)]
    [InlineData("coalesced", true)]
    [InlineData("done", true)]
    [InlineData("lanes", true)]
    [InlineData("republish", true)]
    public async Task Counter_rises_with_whatever_a_copy_of_before_would_lack(string what, bool rises)
    {
        await using var database = await CreateAsync();
        await using var store = database.Open();
        var grant = await Take(store);
        var sequence = Assert.Single(await database.AddAsync(Row("a", 1)));
        var renewal = Change(grant);
        Assert.True(
            await store.CommitAsync(
                what switch
                {
                    "claims" => renewal with { Claims = [Claim(sequence, 1, grant)] },
                    "coalesced" => renewal with { Coalesced = [sequence] },
                    "done" => renewal with { Done = [sequence] },
                    "lanes" => renewal with { Lanes = [new(Lanes[0], 1, 5, 7)] },
                    "republish" => renewal with { Republish = [RepublishRequest.All("probe.item", "test")] },
                    _ => renewal,
                },
                Ct
            )
        );
        Assert.Equal(!rises, await store.CommitAsync(renewal, Ct));
        Assert.Equal(rises, await store.CommitAsync(renewal with { Counter = grant.Counter + 1 }, Ct));
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
        Assert.True(await store.CommitAsync(Change(grant with { Counter = grant.Counter + 1 }) with { Republish = [all] }, Ct));
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
}
