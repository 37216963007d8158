using Statecast.Events;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Conformance.Transport;

/// <summary>What a carrier that appends by the guard must do besides: the last record of a key is its newest revision, whoever sends what when.</summary>
public abstract class ConditionalTransportConformance : RetainedTransportConformance
{
    [Theory]
    [InlineData(7, 4, "older", false)]
    [InlineData(6, 9, "older epoch", false)]
    [InlineData(7, 5, "value", false)]
    [InlineData(7, 5, "another content", true)]
    [InlineData(7, 6, "newer", true)]
    [InlineData(8, 1, "newer epoch", true)]
    public async Task Append_follows_the_guard(long epoch, long revision, string value, bool accepted)
    {
        await using var sender = await Sender();
        AssertConfirmed(await sender.SendAsync([Upsert("a", 5, "value")], Ct));
        var outcome = Assert.Single(await sender.SendAsync([Upsert("a", revision, value, epoch: epoch)], Ct));
        Assert.Equal(accepted ? SendResult.Confirmed : SendResult.Refused, outcome.Result);
        Assert.Equal(accepted ? value : "value", (await Read())["a"]);
    }

    [Fact]
    public async Task Snapshot_at_the_same_revision_replaces_and_moves_to_the_end()
    {
        await using var sender = await Sender();
        var first = await sender.SendAsync([Upsert("a", 5, "value")], Ct);
        var second = await sender.SendAsync([Upsert("a", 5, "value", operation: StateOperation.Snapshot)], Ct);
        AssertConfirmed(second);
        Assert.True(second[0].Position > first[0].Position);
    }

    [Fact]
    public async Task Delete_outlives_older_states_and_yields_to_newer_ones()
    {
        await using var sender = await Sender();
        AssertConfirmed(await sender.SendAsync([Upsert("a", 1), Delete("a", 5)], Ct));
        Assert.Equal(SendResult.Refused, (await sender.SendAsync([Upsert("a", 4)], Ct))[0].Result);
        Assert.Equal(SendResult.Refused, (await sender.SendAsync([Delete("a", 5)], Ct))[0].Result);
        Assert.Null((await Read())["a"]);
        AssertConfirmed(await sender.SendAsync([Upsert("a", 6, "again")], Ct));
        Assert.Equal("again", (await Read())["a"]);
    }

    [Fact]
    public async Task Below_a_lanes_floor_nothing_is_taken_whatever_its_key()
    {
        await using var sender = await Sender();
        AssertConfirmed(await sender.SendAsync([Upsert("a", 5, "old")], Ct));
        await sender.SendHeartbeatAsync(await Floored(sender, floorEpoch: 9, wordEpoch: 9), Ct);
        var late = await sender.SendAsync([Upsert("a", 6, "late"), Upsert("never seen", 1), Delete("a", 7)], Ct);
        Assert.All(late, o => Assert.Equal(SendResult.Refused, o.Result));
        AssertConfirmed(await sender.SendAsync([Upsert("a", 1, "new", epoch: 9)], Ct));
        Assert.Equal("new", (await Read())["a"]);
    }

    [Fact]
    public async Task Floor_outlives_words_without_one_and_words_of_sleepers()
    {
        await using var sender = await Sender();
        await sender.SendHeartbeatAsync(await Floored(sender, floorEpoch: 9, wordEpoch: 9), Ct);
        // Under the same epoch, by a holder that did not know of it; then a sleeper's of a lower one.
        await sender.SendHeartbeatAsync(await Floored(sender, floorEpoch: 0, wordEpoch: 9), Ct);
        await sender.SendHeartbeatAsync(await Floored(sender, floorEpoch: 7, wordEpoch: 7), Ct);
        Assert.Equal(SendResult.Refused, Assert.Single(await sender.SendAsync([Upsert("a", 1)], Ct)).Result);

        await using var target = await Target();
        await target.Until(t => t.Words.Count > 0, Ct);
        Assert.Equal((9, 9), (target.Words[^1].Word.Epoch, target.Words[^1].Word.FloorEpoch));
    }

    private static async Task<Heartbeat> Floored(ITransportSender sender, long floorEpoch, long wordEpoch) =>
        Word([.. (await sender.ReadEndsAsync(Lanes(), Ct)).Select(e => e with { Floor = new(floorEpoch, 1) })], Time) with
        {
            Epoch = wordEpoch,
        };

    [Fact]
    public async Task One_batch_judges_its_events_one_after_another()
    {
        await using var sender = await Sender();
        var outcomes = await sender.SendAsync([Upsert("a", 2, "two"), Upsert("a", 1, "one"), Upsert("b", 1), Upsert("a", 3, "three")], Ct);
        Assert.Equal(
            [SendResult.Confirmed, SendResult.Refused, SendResult.Confirmed, SendResult.Confirmed],
            outcomes.Select(o => o.Result)
        );
        Assert.Equal(0, outcomes[1].Position);
        await using var target = await Target();
        await target.UntilTail(4, Ct);
        Assert.Equal(2, target.Received.Count);
        Assert.Equal("three", target.Newest()["a"]);
    }

    [Fact]
    public async Task Batch_sent_again_after_an_unknown_outcome_changes_nothing()
    {
        await using var sender = await Sender();
        StateEvent[] batch = [Upsert("a", 1), Upsert("b", 3), Delete("c", 2)];
        AssertConfirmed(await sender.SendAsync(batch, Ct));
        var ends = await sender.ReadEndsAsync(Lanes(), Ct);
        Assert.All(await sender.SendAsync(batch, Ct), o => Assert.Equal(SendResult.Refused, o.Result));
        Assert.Equal(ends, await sender.ReadEndsAsync(Lanes(), Ct));
    }

    [Fact]
    public async Task Sender_that_was_overtaken_cannot_bury_newer_states()
    {
        await using var zombie = await Sender();
        AssertConfirmed(await zombie.SendAsync([Upsert("a", 1, "one")], Ct));
        await using var holder = await Sender();
        AssertConfirmed(await holder.SendAsync([Upsert("a", 3, "three"), Upsert("b", 1, "b")], Ct));
        var outcomes = await zombie.SendAsync([Upsert("a", 2, "two"), Upsert("c", 1, "c")], Ct);
        Assert.Equal([SendResult.Refused, SendResult.Confirmed], outcomes.Select(o => o.Result));
        var newest = await Read();
        Assert.Equal(("three", "b", "c"), (newest["a"], newest["b"], newest["c"]));
        AssertConfirmed(await holder.SendAsync([Upsert("a", 4, "four")], Ct));
    }

    [Fact]
    public async Task Only_the_newest_record_of_every_key_stays()
    {
        await using var sender = await Sender();
        for (var revision = 1; revision <= 20; revision++)
            AssertConfirmed(await sender.SendAsync([.. Enumerable.Range(0, 10).Select(i => Upsert($"k{i}", revision, $"{revision}"))], Ct));
        await using var target = await Target();
        await target.UntilTail(4, Ct);
        Assert.Equal(10, target.Received.Count);
        Assert.All(target.Newest().Values, value => Assert.Equal("20", value));
    }

    [Fact]
    public async Task Random_order_of_sends_ends_at_the_newest_revisions()
    {
        var random = new Random(20_260_301);
        var all = Enumerable
            .Range(1, 400)
            .Select(i => random.Next(5) == 0 ? Delete($"k{random.Next(12)}", i) : Upsert($"k{random.Next(12)}", i, $"{i}"))
            .ToArray();
        var expected = all.GroupBy(e => e.Key).ToDictionary(g => g.Key, g => g.MaxBy(e => e.Revision)!);
        random.Shuffle(all);
        await using var first = await Sender();
        await using var second = await Sender();
        await using var target = await Target();
        foreach (var batch in all.Chunk(7))
        {
            await (random.Next(2) == 0 ? first : second).SendAsync(batch, Ct);
            if (random.Next(4) == 0)
                await second.SendAsync(batch, Ct);
        }
        await target.UntilTail(4, Ct);
        await using var late = await Target();
        await late.UntilTail(4, Ct);
        Assert.Equal(expected.Count, late.Received.Count);
        foreach (var (key, newest) in expected)
        {
            Assert.Equal(newest.Revision, late.Events.Single(e => e.Key == key).Revision);
            Assert.Equal(newest.Revision, target.Events.Last(e => e.Key == key).Revision);
        }
    }

    private async Task<Dictionary<string, string?>> Read()
    {
        await using var target = await Target();
        await target.UntilTail(4, Ct);
        return target.Newest();
    }
}
