using Statecast.Events;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Conformance.Transport;

/// <summary>What a carrier that keeps events must do besides.</summary>
public abstract class RetainedTransportConformance : TransportConformance
{
    private const int LaneCount = 4;

    [Fact]
    public async Task Late_target_gets_the_newest_of_every_key_deletes_too()
    {
        await using (var sender = await Sender())
        {
            AssertConfirmed(await sender.SendAsync([Upsert("a", 1, "a1"), Upsert("b", 1, "b1"), Upsert("c", 1, "c1")], Ct));
            AssertConfirmed(await sender.SendAsync([Upsert("a", 2, "a2"), Delete("b", 2)], Ct));
        }
        await using var target = await Target();
        await target.UntilTail(LaneCount, Ct);
        Assert.Equal("a=a2,b=,c=c1", string.Join(',', target.Newest().OrderBy(p => p.Key).Select(p => $"{p.Key}={p.Value}")));
        if (Create().Abilities.ConditionalAppend)
            Assert.Equal(3, target.Received.Count);
    }

    [Fact]
    public async Task Late_target_gets_a_patchs_base_before_it_until_a_full_state_takes_their_place()
    {
        // Nothing to show of a carrier that takes no patches: a publication that would send them there is refused at start.
        if (!Create().Abilities.Patches)
            return;
        await using var sender = await Sender();
        AssertConfirmed(
            await sender.SendAsync(
                [Upsert("a", 1, "a1"), Upsert("b", 1, "b1"), Patch("a", 2, "+"), Patch("b", 2, "+"), Patch("a", 3, "+")],
                Ct
            )
        );
        Assert.Equal(["Upsert 1", "Patch 2 of 1", "Patch 3 of 2"], await Of("a"));

        AssertConfirmed(await sender.SendAsync([Upsert("a", 4, "a4"), Patch("a", 5, "+"), Delete("b", 3)], Ct));
        Assert.Equal(["Upsert 4", "Patch 5 of 4"], await Of("a"));
        Assert.Equal(["Delete 3"], await Of("b"));

        // Said again at the revision that the last patch made. To who has read none of it, it may stay the change that it stands for.
        AssertConfirmed(await sender.SendAsync([Upsert("a", 5, "a5", operation: StateOperation.Snapshot)], Ct));
        Assert.Contains(Assert.Single(await Of("a")), new[] { "Snapshot 5", "Upsert 5" });

        async Task<IEnumerable<string>> Of(string key)
        {
            await using var target = await Target();
            await target.UntilTail(LaneCount, Ct);
            return target
                .Events.Where(e => e.Key == key)
                .Select(e =>
                    e.Operation == StateOperation.Patch ? $"Patch {e.Revision.Number} of {e.Base}" : $"{e.Operation} {e.Revision.Number}"
                );
        }
    }

    [Fact]
    public async Task Empty_lanes_are_at_their_tail_at_position_zero()
    {
        await using var sender = await Sender();
        await using var target = await Target();
        await target.UntilTail(LaneCount, Ct);
        Assert.All(target.Next.Values, next => Assert.Equal(0, next));
        Assert.All(await sender.ReadEndsAsync(Lanes(), Ct), end => Assert.Equal(0, end.Position));
        Assert.All(target.Open.Values, opened => Assert.NotEqual(0, opened.Incarnation));
    }

    [Fact]
    public async Task Tail_is_the_end_that_the_sender_reads()
    {
        await using var sender = await Sender();
        AssertConfirmed(await sender.SendAsync([.. Enumerable.Range(0, 33).Select(i => Upsert($"k{i}", 1))], Ct));
        await using var target = await Target();
        await target.UntilTail(LaneCount, Ct, maxEvents: 5);
        var ends = await sender.ReadEndsAsync(Lanes(), Ct);
        Assert.All(ends, end => Assert.Equal(end.Position, target.Next[end.Lane]));
        Assert.All(ends, end => Assert.Equal(end.Incarnation, target.Open[end.Lane].Incarnation));

        // A lane that gets nothing more stays at its end while others grow.
        AssertConfirmed(await sender.SendAsync([Upsert("k0", 2)], Ct));
        await target.Until(t => t.Events.Any(e => e.Revision.Number == 2), Ct);
        Assert.All(await sender.ReadEndsAsync(Lanes(), Ct), end => Assert.Equal(end.Position, target.Next[end.Lane]));
        Assert.Equal(LaneCount, target.AtTail.Count);
    }

    [Fact]
    public async Task Tail_is_told_only_when_nothing_lies_beyond()
    {
        await using var sender = await Sender();
        AssertConfirmed(await sender.SendAsync([.. Enumerable.Range(0, 40).Select(i => Upsert($"k{i}", 1))], Ct));
        await using var target = await Target();
        await target.UntilTail(LaneCount, Ct, maxEvents: 3);
        var last = target
            .Received.Where(r => r.Event is not null)
            .GroupBy(r => r.Event!.Lane)
            .ToDictionary(g => g.Key, g => g.Max(r => r.Position));
        foreach (var batch in target.Deliveries.SelectMany(d => d.Batches))
            if (batch.AtTail && last.TryGetValue(batch.Lane, out var position))
                Assert.Equal(position + 1, batch.Next);
        Assert.Equal(40, target.Newest().Count);
    }

    [Fact]
    public async Task Reading_goes_on_at_the_position_sought()
    {
        await using var sender = await Sender();
        AssertConfirmed(await sender.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1))], Ct));
        Dictionary<LaneId, long> positions;
        int read;
        await using (var first = await Target())
        {
            // A delivery holds at most five events, and as few as have arrived.
            await first.Until(t => t.Received.Count >= 10, Ct, maxEvents: 5);
            positions = new(first.Next);
            read = first.Received.Count;
            Assert.InRange(read, 10, 14);
        }
        AssertConfirmed(await sender.SendAsync([Upsert("late", 1)], Ct));
        await using var second = await Target(positions: positions);
        await second.UntilTail(LaneCount, Ct);
        Assert.All(second.Received, r => Assert.True(r.Position >= positions.GetValueOrDefault(r.Event!.Lane)));
        Assert.Equal(20 - read + 1, second.Newest().Count);
        Assert.Contains("late", second.Newest().Keys);

        await using var again = await Target(positions: second.Next);
        await again.UntilTail(LaneCount, Ct);
        Assert.Empty(again.Received);
    }

    [Fact]
    public async Task Seeking_back_reads_again()
    {
        await using var sender = await Sender();
        AssertConfirmed(await sender.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1))], Ct));
        await using var target = await Target();
        await target.UntilTail(LaneCount, Ct);
        var lane = LaneOf("k3");
        var before = target.Received.Count(r => r.Event!.Lane == lane);
        target.Received.Clear();
        target.AtTail.Clear();
        await target.Receiver.SeekAsync(lane, 0, Ct);
        await target.Until(t => t.AtTail.Contains(lane), Ct);
        Assert.Equal(before, target.Received.Count);
        Assert.All(target.Received, r => Assert.Equal(lane, r.Event!.Lane));
    }

    [Fact]
    public async Task Lane_not_sought_is_not_read()
    {
        await using var sender = await Sender();
        AssertConfirmed(await sender.SendAsync([.. Enumerable.Range(0, 20).Select(i => Upsert($"k{i}", 1))], Ct));
        var receiver = await Create().OpenReceiverAsync(new("target", null, ProbeContracts.Item), Ct);
        await using var _ = receiver;
        var opened = (await receiver.ReceiveAsync(100, Ct)).Opened;
        Assert.Equal(LaneCount, opened.Count);
        var lane = LaneOf("k3");
        await receiver.SeekAsync(lane, 0, Ct);
        var delivery = await receiver.ReceiveAsync(100, Ct);
        var batch = Assert.Single(delivery.Batches);
        Assert.Equal((lane, true), (batch.Lane, batch.AtTail));
    }

    [Fact]
    public async Task Position_and_incarnation_survive_a_restarted_source()
    {
        long incarnation;
        long position;
        await using (var sender = await Sender())
        {
            position = (await sender.SendAsync([Upsert("a", 1)], Ct))[0].Position;
            incarnation = (await sender.ReadEndsAsync([LaneOf("a")], Ct))[0].Incarnation;
        }
        await using var again = await Sender();
        var outcome = Assert.Single(await again.SendAsync([Upsert("a", 2)], Ct));
        Assert.True(outcome.Position > position);
        var end = Assert.Single(await again.ReadEndsAsync([LaneOf("a")], Ct));
        Assert.Equal((incarnation, outcome.Position + 1), (end.Incarnation, end.Position));
    }

    [Fact]
    public async Task Newest_heartbeat_waits_for_a_late_target()
    {
        await using var sender = await Sender();
        AssertConfirmed(await sender.SendAsync([Upsert("a", 1)], Ct));
        await sender.SendHeartbeatAsync(Word(await sender.ReadEndsAsync(Lanes(), Ct), Time, ended: false), Ct);
        await sender.SendHeartbeatAsync(Word(await sender.ReadEndsAsync(Lanes(), Ct), Time.AddSeconds(1)), Ct);
        await using var target = await Target();
        await target.Until(t => t.AtTail.Count == LaneCount && t.Words.Any(w => w.Word.Clock == Time.AddSeconds(1)), Ct);
        var word = target.Words[^1].Word;
        Assert.True(word.FirstRepublishEnded);
        Assert.Equal(1, target.Words.Count(w => w.Word.Clock == word.Clock));
    }

    [Fact]
    public async Task Other_lane_count_under_an_existing_log_is_refused()
    {
        await using (var sender = await Sender())
            AssertConfirmed(await sender.SendAsync([Upsert("a", 1)], Ct));
        var refused = await Assert.ThrowsAsync<TransportException>(async () => await Sender(lanes: 8));
        Assert.Contains("4", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Lanes", refused.Message, StringComparison.Ordinal);
        await using var same = await Sender();
    }
}
