using Statecast.Events;
using Statecast.Outbox;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Outbox.RelayScript;

namespace Statecast.Tests.Outbox;

public sealed class RelayClaimTests
{
    private static readonly TransportAbilities Queue = Guarded with { Retained = false, ConditionalAppend = false, RequestChannel = true };
    private static readonly Guid EarlierLease = new("8f5a3c1e-0000-4000-8000-000000000001");

    [Fact]
    public void Claim_is_durable_before_its_event_is_sent()
    {
        var relay = new RelayScript().Active(counter: new(Lane(), 41, 0, 0));
        relay.Read(Row(5, "a", revision: 3), Row(6, "b"));
        relay.AssertNo<RelayCommand.Send>();

        var claim = relay.Commit();
        Assert.Equal([(5L, 41L, Epoch), (6L, 42L, Epoch)], claim.Claims.Select(c => (c.Sequence, c.LaneNumber, c.Epoch)));
        Assert.Equal([new LaneCounter(Lane(), 43, 0, 0)], claim.Lanes);

        var sent = relay.Take<RelayCommand.Send>().Events;
        Assert.Equal([("a", 41L), ("b", 42L)], sent.Select(e => (e.Key, e.LaneNumber)));
        Assert.Equal((new StateRevision(Epoch, 3), claim.LeaseId), (sent[0].Revision, sent[0].LeaseId));
    }

    [Fact]
    public void Claim_of_a_refused_commit_is_never_sent()
    {
        var relay = new RelayScript().Active();
        relay.Read(Row(1, "a"));
        relay.Commit(held: false);
        relay.Pass(1);

        relay.AssertNo<RelayCommand.Send>();
        Assert.Equal(0, relay.Machine.Counters.Seen);
    }

    // Rows of one key in order of revision, a letter each: U Upsert, D Delete, S Snapshot, P patch; lower case: every revision is kept.
    [Theory]
    [InlineData("UUU", 3, "12", StateOperation.Upsert)]
    [InlineData("UD", 2, "1", StateOperation.Delete)]
    [InlineData("DU", 2, "1", StateOperation.Upsert)]
    [InlineData("SS", 2, "1", StateOperation.Snapshot)]
    [InlineData("US", 2, "1", StateOperation.Upsert)]
    [InlineData("SU", 2, "1", StateOperation.Upsert)]
    [InlineData("UP", 1, "", StateOperation.Upsert)]
    [InlineData("UPP", 1, "", StateOperation.Upsert)]
    [InlineData("PU", 2, "1", StateOperation.Upsert)]
    [InlineData("UPUP", 3, "12", StateOperation.Upsert)]
    [InlineData("uu", 1, "", StateOperation.Upsert)]
    [InlineData("UuU", 1, "", StateOperation.Upsert)]
    [InlineData("UUu", 2, "1", StateOperation.Upsert)]
    public void Only_the_newest_row_that_may_stand_for_all_earlier_is_sent(
        string rows,
        long claimed,
        string coalesced,
        StateOperation operation
    )
    {
        var relay = new RelayScript().Active();
        relay.Read([.. rows.Select((letter, i) => Written(letter, i + 1))]);

        var change = relay.Commit();
        var claim = Assert.Single(change.Claims);
        Assert.Equal((claimed, operation), (claim.Sequence, claim.Operation));
        Assert.Equal(coalesced.Select(c => (long)(c - '0')), change.Coalesced.Order());
        var sent = Assert.Single(relay.Take<RelayCommand.Send>().Events);
        Assert.Equal((claimed, operation), (sent.Revision.Number, sent.Operation));
        Assert.Equal((change.Coalesced.Count + 1, change.Coalesced.Count), (relay.Machine.Counters.Seen, relay.Machine.Counters.Coalesced));
    }

    [Fact]
    public void Targets_own_lane_is_claimed_row_by_row_in_the_order_written()
    {
        var relay = new RelayScript(Queue).Active();
        var own = SnapshotLane.Of(Lane(), "queue");
        relay.Read(
            Own(own, 1, "begin", StateOperation.RangeBegin),
            Own(own, 2, "a", StateOperation.Snapshot),
            Row(3, "a", revision: 2),
            Own(own, 4, "end", StateOperation.RangeEnd),
            Own(own, 5, "begin", StateOperation.RangeBegin),
            Own(own, 6, "a", StateOperation.Snapshot),
            Own(own, 7, "end", StateOperation.RangeEnd)
        );
        var change = relay.Commit();
        Assert.Empty(change.Coalesced);
        Assert.Equal([(1L, 1L), (2, 2), (3, 1), (4, 3), (5, 4), (6, 5), (7, 6)], change.Claims.Select(c => (c.Sequence, c.LaneNumber)));
        Assert.Equal([new(Lane(), 2, 0, 0), new LaneCounter(own, 7, 0, 0)], change.Lanes);
        var sent = relay.Take<RelayCommand.Send>().Events;
        Assert.Equal([1L, 2, 3, 4, 5, 6], sent.Where(e => e.Lane == own).Select(e => e.LaneNumber));
        Assert.All(sent, e => Assert.Equal(change.LeaseId, e.LeaseId));
    }

    [Fact]
    public void Targets_own_lane_of_an_unknown_lane_stays()
    {
        var relay = new RelayScript(Queue).Active();
        relay.Read(Own(SnapshotLane.Of(new("other.v1", 0), "queue"), 1, "a", StateOperation.Snapshot));
        relay.AssertNo<RelayCommand.Commit>();
        Assert.Contains(RelayNotice.UnknownLane, relay.Notices);
    }

    [Fact]
    public void Newest_is_told_by_revision_where_sequences_were_drawn_early()
    {
        var relay = new RelayScript().Active();
        relay.Read(Row(1, "a", revision: 9) with { Causes = "Paid" }, Row(2, "a", revision: 8) with { Causes = "Placed" });

        var change = relay.Commit();
        Assert.Equal([2L], change.Coalesced);
        Assert.Equal((1, "Placed,Paid"), (Assert.Single(change.Claims).Sequence, change.Claims[0].Causes));
    }

    [Fact]
    public void Key_with_an_unconfirmed_revision_waits_and_others_go_on()
    {
        var relay = new RelayScript().Active();
        var first = relay.Send(Row(1, "a"));
        relay.Wake();
        relay.Read([Row(2, "a", revision: 2), Row(3, "b")], [Row(1, "a"), Row(2, "a", revision: 2), Row(3, "b")]);
        Assert.Equal([3L], relay.Commit().Claims.Select(c => c.Sequence));
        relay.Take<RelayCommand.Send>();

        // Its turn comes with the confirmation, without another read.
        relay.Confirm(first);
        var change = relay.Commit();
        Assert.Equal([2L], change.Claims.Select(c => c.Sequence));
        Assert.Equal([1L], change.Done);
    }

    /// <summary>
    /// Found by seed 10464 of the simulation. A row may commit below what a scan has passed, and the next one of its key above: it was claimed first, and the older
    /// one sent after it, which a log without conditional append keeps.
    /// </summary>
    [Fact]
    public void Scan_takes_nothing_that_its_first_page_could_not_have_seen()
    {
        var relay = new RelayScript(options: new() { MaxPageRows = 4 }).Active();
        relay.Send(Row(1, "a"));
        relay.Wake();
        OutboxRow[] hot = [.. new[] { 10, 12, 13, 14 }.Select((s, i) => Row(s, "a", revision: 2 + i))];
        Assert.Equal(0, relay.Read(hot, [Row(1, "a"), .. hot]).After);

        // Meanwhile two transactions committed, one after the other.
        OutboxRow[] late = [Row(11, "b", revision: 1), Row(20, "b", revision: 2)];
        Assert.Equal(14, relay.Read([late[1]], [Row(1, "a"), .. hot, .. late]).After);
        relay.AssertNo<RelayCommand.Commit>();

        Assert.Equal(0, relay.Read([hot[0], late[0], hot[1], hot[2]], [Row(1, "a"), .. hot, .. late]).After);
        Assert.Equal([11L], relay.Commit().Claims.Select(c => c.Sequence));
    }

    [Theory]
    // Five rows of 10 bytes against the window: by events, by bytes, and one that is larger than the window and still goes alone.
    [InlineData(2, 1_000, 10, 2)]
    [InlineData(1_000, 35, 10, 3)]
    [InlineData(1_000, 35, 100, 1)]
    public void Window_bounds_what_is_claimed_and_not_confirmed(int events, long bytes, int size, int claimed)
    {
        var relay = new RelayScript(options: new() { MaxInFlightEvents = events, MaxInFlightBytes = bytes }).Active();
        relay.Read([.. Enumerable.Range(1, 5).Select(n => Row(n, $"k{n}", size: size))]);
        Assert.Equal(claimed, relay.Commit().Claims.Count);
        var send = relay.Take<RelayCommand.Send>();

        relay.Pass(0.5);
        relay.AssertNo<RelayCommand.Commit>();
        relay.Confirm(send);
        Assert.NotEmpty(relay.Commit().Claims);
    }

    [Theory]
    // The carrier says how many events it wants under way, unless the setting does.
    [InlineData(3, null, 3)]
    [InlineData(3, 2, 2)]
    [InlineData(2, 4, 4)]
    public void Carrier_says_how_much_is_under_way_unless_it_is_set(int carriers, int? set, int claimed)
    {
        var abilities = RelayScript.Guarded with { InFlightEvents = carriers };
        var relay = new RelayScript(abilities, new() { MaxInFlightEvents = set }).Active();
        relay.Read([.. Enumerable.Range(1, 5).Select(n => Row(n, $"k{n}"))]);
        Assert.Equal(claimed, relay.Commit().Claims.Count);
    }

    [Fact]
    public void Sends_are_bounded_in_events_bytes_and_number()
    {
        var options = new RelayOptions
        {
            MaxBatchEvents = 2,
            MaxBatchBytes = 10,
            MaxBatches = 2,
        };
        var relay = new RelayScript(options: options).Active();
        relay.Read(Row(1, "a"), Row(2, "b"), Row(3, "c"), Row(4, "d", size: 50), Row(5, "e"));
        relay.Commit();

        var first = relay.Take<RelayCommand.Send>();
        var second = relay.Take<RelayCommand.Send>();
        relay.AssertNo<RelayCommand.Send>();
        Assert.Equal(["a", "b"], Keys(first));
        Assert.Equal(["c"], Keys(second));
        relay.Confirm(first);
        Assert.Equal(["d"], Keys(relay.Take<RelayCommand.Send>()));
        relay.Confirm(second);
        Assert.Equal(["e"], Keys(relay.Take<RelayCommand.Send>()));
    }

    [Fact]
    public void Claimed_rows_of_an_earlier_holder_are_sent_with_their_numbers()
    {
        var relay = new RelayScript().Acquired(counter: new(Lane(), 12, 0, 0)).Looked();
        var recovery = relay.Read(Claimed(3, "a", number: 10), Claimed(4, "b", number: 11));
        Assert.True(recovery.Claimed);

        var sent = relay.Take<RelayCommand.Send>().Events;
        Assert.Equal([("a", 10L), ("b", 11L)], sent.Select(e => (e.Key, e.LaneNumber)));
        Assert.All(sent, e => Assert.Equal((6L, EarlierLease), (e.Revision.Epoch, e.LeaseId)));
        Assert.Equal(2, relay.Machine.Counters.Resent);

        // Their keys wait for them, and new numbers follow on.
        Assert.False(relay.Read(Row(5, "a", revision: 2), Row(6, "c")).Claimed);
        Assert.Equal([(6L, 12L)], relay.Commit().Claims.Select(c => (c.Sequence, c.LaneNumber)));
    }

    [Fact]
    public void Recovery_reads_every_page_before_the_first_claim()
    {
        var relay = new RelayScript(options: new() { MaxPageRows = 2 }).Acquired().Looked();
        Assert.Equal(0, relay.Read(Claimed(1, "a", 1), Claimed(4, "b", 2)).After);
        Assert.Equal(RelayPhase.Recovering, relay.Machine.Phase);
        relay.AssertNo<RelayCommand.Send>();

        Assert.Equal(4, relay.Read(Claimed(9, "c", 3)).After);
        Assert.Equal(RelayPhase.Active, relay.Machine.Phase);
        Assert.Equal(["a", "b", "c"], Keys(relay.Take<RelayCommand.Send>()));
    }

    [Fact]
    public void Row_claimed_without_a_number_is_a_broken_store()
    {
        var relay = new RelayScript().Acquired().Looked();
        Assert.Contains("row 3", Assert.Throws<InvalidOperationException>(() => relay.Read(Row(3, "a"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Row_whose_wake_up_was_lost_is_found_by_the_heartbeats_look()
    {
        var relay = new RelayScript().Active();
        relay.Settle();
        relay.Pass(1);
        // A look takes nothing itself.
        Assert.Equal(1, relay.Read(Row(1, "a")).Limit);
        relay.AssertNo<RelayCommand.Commit>();

        Assert.True(relay.Read(Row(1, "a")).Limit > 1);
        Assert.Equal([1L], relay.Commit().Claims.Select(c => c.Sequence));
    }

    [Fact]
    public void Unknown_lane_is_told_once_and_left_out_of_later_reads()
    {
        var relay = new RelayScript().Active();
        relay.Read(Row(1, "a", lane: 7), Row(2, "b"));
        Assert.Equal([2L], relay.Commit().Claims.Select(c => c.Sequence));

        relay.Wake();
        Assert.Equal([Lane(7)], relay.Read(Row(1, "a", lane: 7)).Excluding);
        Assert.Single(relay.Notices, RelayNotice.UnknownLane);
    }

    private static OutboxRow Claimed(long sequence, string key, long number) =>
        Row(sequence, key) with
        {
            LaneNumber = number,
            Epoch = 6,
            LeaseId = EarlierLease,
        };

    private static OutboxRow Written(char letter, int revision) =>
        Row(revision, "a", revision) with
        {
            KeepEach = char.IsLower(letter),
            Operation = char.ToUpperInvariant(letter) switch
            {
                'D' => StateOperation.Delete,
                'S' => StateOperation.Snapshot,
                'P' => StateOperation.Patch,
                _ => StateOperation.Upsert,
            },
        };

    private static string[] Keys(RelayCommand.Send send) => [.. send.Events.Select(e => e.Key)];

    private static OutboxRow Own(LaneId lane, long sequence, string key, StateOperation operation) =>
        Row(sequence, key) with
        {
            Lane = lane,
            Operation = operation,
            KeepEach = true,
        };
}
