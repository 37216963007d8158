using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Outbox.RelayScript;

namespace Statecast.Tests.Outbox;

public sealed class RelayHeartbeatTests
{
    private static readonly Guid Stranger = new("8f5a3c1e-0000-4000-8000-000000000002");

    [Fact]
    public void Idle_source_says_its_word_without_writing()
    {
        var relay = new RelayScript(lanes: 2).Active(counter: new(Lane(), 5, 1, 0));
        relay.Read([], [], Clock.AddSeconds(3));
        relay.Ends(40);

        relay.AssertNo<RelayCommand.Commit>();
        var word = relay.Say();
        Assert.Equal((Destination, Epoch, Clock.AddSeconds(3)), (word.Destination, word.Epoch, word.Clock));
        Assert.Equal("shop", word.Source);
        Assert.True(word.FirstRepublishEnded);
        Assert.Equal(40, word.Ends[0].Position);
        Assert.Equal(4, word.Ends[0].Number);
        Assert.Equal(1, relay.Machine.Counters.Heartbeats);
    }

    [Fact]
    public void Word_is_said_once_an_interval()
    {
        var relay = new RelayScript().Active();
        for (var n = 0; n < 4; n++)
        {
            relay.Read();
            relay.Ends(0);
            relay.Say();
            relay.Pass(0.99);
            relay.AssertNo<RelayCommand.Read>();
            relay.Pass(0.01);
        }
        Assert.Equal(4, relay.Machine.Counters.Heartbeats);
    }

    [Fact]
    public void Ends_are_asked_when_all_of_the_first_snapshot_is_confirmed()
    {
        var relay = new RelayScript(Plain).Active();
        relay.Read([Row(5, "a")], [Row(5, "a")], Clock);
        relay.Commit();
        relay.AssertNo<RelayCommand.ReadEnds>();

        // Two seconds later a newer row stands, and one that committed late below the snapshot's highest.
        relay.Confirm(relay.Take<RelayCommand.Send>(), position: 1);
        relay.Commit();
        relay.Read([], [Row(4, "late"), Row(6, "b")], Clock.AddSeconds(2));
        relay.AssertNo<RelayCommand.ReadEnds>();
        relay.Pass(1);
        relay.Read([], [Row(6, "b")], Clock.AddSeconds(3));
        relay.Take<RelayCommand.ReadEnds>();
    }

    [Fact]
    public void Word_names_the_clock_that_was_read_before_the_first_snapshot()
    {
        var relay = new RelayScript().Active();
        relay.Read([Row(5, "a")], [Row(5, "a")], Clock);
        relay.Commit();
        relay.Confirm(relay.Take<RelayCommand.Send>());
        relay.Commit();
        relay.Read([], [Row(6, "b")], Clock.AddSeconds(2));
        relay.Ends(1);
        // Rows stand in the outbox: only a commit proves that nobody else took over and swallowed them.
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        relay.Commit();

        Assert.Equal(Clock, relay.Say().Clock);
    }

    [Fact]
    public void Swallowed_row_counts_as_sent_when_the_one_that_swallowed_it_is()
    {
        var relay = new RelayScript().Active();
        var kept = Row(5, "a");
        relay.Read([], [kept], Clock);
        relay.Wake();
        relay.Read([kept, Row(9, "a", revision: 2)], [kept, Row(9, "a", revision: 2)]);
        Assert.Equal([5L], relay.Commit().Coalesced);
        var send = relay.Take<RelayCommand.Send>();

        relay.Pass(1);
        relay.Read([], [Row(9, "a", revision: 2)]);
        relay.AssertNo<RelayCommand.ReadEnds>();
        relay.Confirm(send);
        relay.Commit();
        relay.Read();
        relay.Take<RelayCommand.ReadEnds>();
    }

    [Fact]
    public void Word_is_not_said_when_the_lease_turns_out_to_be_lost()
    {
        var relay = new RelayScript(Plain).Active();
        relay.Read();
        relay.Ends(0);
        relay.Commit(held: false);
        relay.Pass(2);

        relay.AssertNo<RelayCommand.SendHeartbeat>();
        Assert.Equal(0, relay.Machine.Counters.Heartbeats);
    }

    [Fact]
    public void Answer_to_a_heartbeat_of_a_lost_lease_is_ignored()
    {
        var relay = new RelayScript().Active(counter: new(Lane(), 1, 1, 0));
        relay.Read();
        var ends = relay.Take<RelayCommand.ReadEnds>();
        relay.Wake();
        relay.Read(Row(1, "a"));
        relay.Commit(held: false);
        relay.Give(new RelayInput.Released(relay.Take<RelayCommand.Release>().Id));

        // Even one that shows a new log: the next holder, perhaps this relay, finds it again.
        relay.Give(new RelayInput.EndsRead(ends.Id, [new(Lane(), 2, 0, 0)], []));
        Assert.DoesNotContain(RelayNotice.LogMadeAnew, relay.Notices);
        relay.Acquired().Looked().Read();
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        relay.AssertNo<RelayCommand.Commit>();
    }

    [Fact]
    public void Own_confirmed_records_are_verified_without_reading_them()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 10));
        relay.Confirm(relay.Send(Row(1, "a"), Row(2, "b")), position: 10);
        Assert.Equal([new LaneCounter(Lane(), 3, 1, 12)], relay.Commit().Lanes);
        relay.Read();
        relay.Ends(12);

        relay.AssertNo<RelayCommand.ReadBack>();
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        relay.Commit();
        Assert.Equal(12, Assert.Single(relay.Say().Ends).Position);
    }

    [Fact]
    public void Ends_are_not_read_back_while_own_sends_may_lie_below_them()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 10));
        relay.Read();
        relay.Wake();
        relay.Read(Row(1, "a"));
        relay.Commit();
        var send = relay.Take<RelayCommand.Send>();
        relay.Ends(11);
        relay.AssertNo<RelayCommand.ReadBack>();
        relay.Confirm(send, position: 10);

        relay.AssertNo<RelayCommand.ReadBack>();
        Assert.Equal([1L], relay.Commit().Done);
        Assert.Equal(11, Assert.Single(relay.Say().Ends).Position);
    }

    [Fact]
    public void Buried_key_is_asked_for_and_the_word_waits_until_it_is_sent_above()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 10));
        relay.Confirm(relay.Send(Row(1, "a", revision: 2), Row(2, "b")), position: 10);
        relay.Commit();
        relay.Read();
        relay.Ends(14);
        var read = relay.ReadBack(new LogRecord(12, "a", new(Epoch, 1), Stranger, 1));
        Assert.Equal((Lane(), 12L, 14L), (read.Lane, read.From, read.End));
        Assert.Single(relay.Notices, RelayNotice.ForeignRecord);

        var wish = relay.Commit();
        var request = Assert.Single(wish.Republish);
        var bucket = KeyText.Bucket("a");
        Assert.Equal(
            (Contract, "a", bucket, bucket, Destination),
            (request.Contract, request.Key, request.FirstBucket, request.LastBucket, request.Destination)
        );
        // All was looked at, and verified still ends at the buried record.
        Assert.Empty(wish.Lanes);
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        Assert.Equal(1, relay.Machine.Counters.Mended);

        var mended = relay.Send(Row(3, "a", revision: 2));
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        relay.Confirm(mended, position: 14);
        Assert.Equal(15, Assert.Single(relay.Commit().Lanes).Verified);
        Assert.Equal(15, Assert.Single(relay.Say().Ends).Position);
    }

    [Fact]
    public void Buried_key_is_found_while_the_word_waits_for_a_send_without_an_answer()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 10));
        relay.Confirm(relay.Send(Row(1, "a", revision: 2)), position: 10);
        relay.Commit();
        relay.Read();
        relay.Ends(11);
        relay.Commit();
        relay.Say();
        relay.Pass(1);
        relay.Read([], [Row(2, "b")]);
        var silent = relay.Send(Row(2, "b"));
        relay.AssertNo<RelayCommand.ReadEnds>();

        // An interval later another's record lies above the newer one, and compaction may not wait for the silent send.
        relay.Pass(1);
        relay.Read([], [Row(2, "b")]);
        relay.Ends(12);
        Assert.Equal(
            (11L, 12L),
            relay.ReadBack(new LogRecord(11, "a", new(Epoch, 1), Stranger, 1)) is var piece ? (piece.From, piece.End) : default
        );
        Assert.Equal("a", Assert.Single(relay.Commit().Republish).Key);
        relay.AssertNo<RelayCommand.SendHeartbeat>();

        // With every interval, and each record once; what this relay itself wrote and has no answer for buries nothing.
        relay.Pass(1);
        relay.Read([], [Row(2, "b")]);
        relay.Ends(13);
        Assert.Equal(12, relay.ReadBack(new LogRecord(12, "b", new(Epoch, 1), Stranger, 1)).From);
        relay.AssertNo<RelayCommand.Commit>();
        relay.AssertNo<RelayCommand.ReadEnds>();

        relay.Confirm(silent, position: 12);
        relay.Commit();
        relay.Read([], [Row(3, "a", revision: 2)]);
        relay.Ends(13);
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        relay.Confirm(relay.Send(Row(3, "a", revision: 2)), position: 13);
        relay.Commit();
        Assert.Equal(14, Assert.Single(relay.Say().Ends).Position);
        Assert.Single(relay.Notices, RelayNotice.ForeignRecord);
    }

    [Fact]
    public void Foreign_record_that_buries_nothing_is_only_accounted_for()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 10));
        relay.Confirm(relay.Send(Row(1, "a", revision: 2)), position: 10);
        relay.Commit();
        relay.Read();
        relay.Ends(12);
        relay.ReadBack(new LogRecord(11, "a", new(Epoch, 2), Stranger, 1));

        var change = relay.Commit();
        Assert.Empty(change.Republish);
        Assert.Equal([new LaneCounter(Lane(), 2, 1, 12)], change.Lanes);
        Assert.Equal(12, Assert.Single(relay.Say().Ends).Position);
    }

    [Fact]
    public void Long_way_to_the_ends_is_read_back_in_pieces()
    {
        var relay = new RelayScript(Plain, new() { MaxReadBack = 10 }).Active(counter: new(Lane(), 1, 1, 100));
        relay.Read();
        relay.Ends(125);

        var pieces = new[] { relay.ReadBack(), relay.ReadBack(), relay.ReadBack() };
        Assert.Equal([(100L, 110L), (110L, 120L), (120L, 125L)], pieces.Select(p => (p.From, p.End)));
        relay.Commit();
        Assert.Equal(125, Assert.Single(relay.Say().Ends).Position);
    }

    [Theory, InlineData("ends"), InlineData("records"), InlineData("word")]
    public void Failed_heartbeat_is_tried_anew_and_told_once_per_change(string what)
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 1, 1, 0));
        for (var round = 0; round < 3; round++)
        {
            relay.Read([], [], Clock.AddSeconds(round));
            relay.Fail(Reach(relay, what, position: round + 1));
            relay.Settle();
            relay.AssertNo<RelayCommand.SendHeartbeat>();
            relay.Pass(0.99);
            relay.AssertNo<RelayCommand.Read>();
            relay.Pass(0.01);
        }
        Assert.Single(relay.Notices, RelayNotice.HeartbeatFailing);

        for (var round = 0; round < 2; round++)
        {
            relay.Read([], [], Clock.AddSeconds(10 + round));
            var word = Reach(relay, "word", position: 10 + round);
            relay.Give(new RelayInput.HeartbeatSent(word));
            relay.Pass(1);
        }
        Assert.Single(relay.Notices, RelayNotice.HeartbeatRecovered);
        Assert.Equal(2, relay.Machine.Counters.Heartbeats);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Log_made_anew_is_filled_anew_before_a_word_is_said(bool guarded)
    {
        var relay = new RelayScript(guarded ? Guarded : Plain, lanes: 2).Active(counter: new(Lane(), 5, 1, 10));
        relay.Read();
        relay.Ends(0, incarnation: 2);

        relay.AssertNo<RelayCommand.SendHeartbeat>();
        Assert.Single(relay.Notices, RelayNotice.LogMadeAnew);
        var change = relay.Commit();
        var request = Assert.Single(change.Republish);
        Assert.Equal(
            (Contract, null, 0, 4095, Destination),
            (request.Contract, request.Key, request.FirstBucket, request.LastBucket, request.Destination)
        );
        Assert.Equal([new LaneCounter(Lane(0), 5, 2, 0), new LaneCounter(Lane(1), 5, 2, 0)], change.Lanes);
        relay.AssertNo<RelayCommand.SendHeartbeat>();

        // The next one is of the new log.
        relay.Pass(1);
        relay.Read();
        relay.Ends(0, incarnation: 2);
        if (!guarded)
            relay.Commit();
        Assert.All(relay.Say().Ends, e => Assert.Equal(2, e.Incarnation));
        Assert.Single(relay.Notices, RelayNotice.LogMadeAnew);
    }

    [Fact]
    public void Log_that_lost_what_it_had_confirmed_is_filled_anew_before_a_word_is_said()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 5, 1, 10));
        relay.Read();
        relay.Ends(7);
        // Whoever has just come to lead a partition may not know all of it yet.
        relay.AssertNo<RelayCommand.Commit>();
        relay.Pass(1);
        relay.Read();
        relay.Ends(7);

        relay.AssertNo<RelayCommand.SendHeartbeat>();
        Assert.Single(relay.Notices, RelayNotice.LogMadeAnew);
        var change = relay.Commit();
        Assert.Equal(
            (Contract, null, Destination),
            Assert.Single(change.Republish) is var r ? (r.Contract, r.Key, r.Destination) : default
        );
        Assert.Equal([new LaneCounter(Lane(), 5, 1, 7)], change.Lanes);

        // From what is left on everything is accounted for again.
        relay.Published = [];
        relay.Pass(1);
        relay.Read();
        relay.Ends(9);
        Assert.Equal((7L, 9L), relay.ReadBack() is var piece ? (piece.From, piece.End) : default);
        relay.Commit();
        var word = relay.Say();
        Assert.Equal((9L, false), (Assert.Single(word.Ends).Position, word.FirstRepublishEnded));
        Assert.Single(relay.Notices, RelayNotice.LogMadeAnew);
    }

    [Fact]
    public void End_that_is_too_low_once_delays_the_word_and_no_more()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 5, 1, 10));
        for (var round = 0; round < 2; round++)
        {
            relay.Read();
            relay.Ends(7);
            relay.AssertNo<RelayCommand.SendHeartbeat>();
            relay.Pass(1);
            relay.Read();
            relay.Ends(10);
            relay.Commit();
            Assert.Equal(10, Assert.Single(relay.Say().Ends).Position);
            relay.Pass(1);
        }
        Assert.DoesNotContain(RelayNotice.LogMadeAnew, relay.Notices);
    }

    [Fact]
    public void Log_that_took_a_record_below_what_it_had_confirmed_has_lost_what_stood_there()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 5, 1, 10));
        // It has grown beyond the old end again before anybody asked where it ends.
        relay.Confirm(relay.Send(Row(1, "a"), Row(2, "b"), Row(3, "c"), Row(4, "d")), position: 8);
        relay.Commit();
        relay.Read();
        relay.Ends(12);

        relay.AssertNo<RelayCommand.SendHeartbeat>();
        var change = relay.Commit();
        Assert.Single(change.Republish);
        Assert.Equal(8, Assert.Single(change.Lanes).Verified);
        Assert.Single(relay.Notices, RelayNotice.LogMadeAnew);
    }

    [Fact]
    public void Ends_that_were_read_before_a_log_lost_its_records_are_no_word_on_it()
    {
        var relay = new RelayScript(Plain).Active(counter: new(Lane(), 5, 1, 10));
        relay.Read();
        var ends = relay.Take<RelayCommand.ReadEnds>();
        var send = relay.Send(Row(1, "a"));
        relay.Give(new RelayInput.EndsRead(ends.Id, [new(Lane(), 1, 10, 0)], []));
        relay.Confirm(send, position: 7);
        relay.Commit();
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        Assert.Equal(0, relay.Machine.Counters.Heartbeats);

        relay.Pass(1);
        relay.Read();
        relay.Ends(10);
        Assert.Single(relay.Notices, RelayNotice.LogMadeAnew);
        Assert.Single(relay.Commit().Republish);
    }

    [Fact]
    public void Log_that_nobody_has_noted_is_noted_before_its_first_rows_are_confirmed()
    {
        var relay = new RelayScript(Guarded).Active(counter: new(Lane(), 1, 0, 0));
        var row = Row(1, "a");
        relay.Read([row]);
        relay.Ends(0, incarnation: 1);
        relay.Commit();
        relay.Confirm(relay.Take<RelayCommand.Send>());
        relay.AssertNo<RelayCommand.ReadEnds>();
        relay.Settle(incarnation: 2);
        Assert.Single(relay.Notices, RelayNotice.LogMadeAnew);
    }

    [Fact]
    public void What_was_read_before_the_new_log_was_noted_is_no_word_on_it()
    {
        var relay = new RelayScript(Guarded).Active(counter: new(Lane(), 5, 1, 0));
        relay.Read();
        relay.Wake();
        // A page is under way as the log turns out to be another, and comes when the next word is due: it says still that everything was said.
        relay.Ends(0, incarnation: 2);
        relay.Pass(1);
        relay.Read();
        Assert.Single(relay.Commit().Republish);
        relay.AssertNo<RelayCommand.ReadEnds>();

        relay.Published = [];
        relay.Read();
        relay.Ends(0, incarnation: 2);
        Assert.False(relay.Say().FirstRepublishEnded);
    }

    [Theory, InlineData(1, false), InlineData(2, true)]
    public void Log_that_no_earlier_holder_noted_is_filled_anew_if_it_sent_anything(long nextNumber, bool anew)
    {
        var relay = new RelayScript(Guarded).Active(counter: new(Lane(), nextNumber, 0, 0));
        relay.Read();
        relay.Ends(0, incarnation: 2);
        if (!anew)
        {
            relay.Say();
            Assert.DoesNotContain(RelayNotice.LogMadeAnew, relay.Notices);
            return;
        }
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        Assert.Single(relay.Commit().Republish);
    }

    [Fact]
    public void Log_made_anew_is_noticed_though_a_row_that_stays_holds_the_word_up()
    {
        var relay = new RelayScript(Guarded).Active(counter: new(Lane(), 5, 1, 0));
        var stuck = Row(1, "a");
        relay.Read([stuck]);
        relay.Commit();
        relay.Take<RelayCommand.Send>();
        relay.Pass(1);
        relay.Read([], [stuck]);
        relay.AssertNo<RelayCommand.ReadEnds>();
        relay.Pass(1);
        relay.Read([], [stuck]);
        relay.Ends(0, incarnation: 2);
        Assert.Single(relay.Notices, RelayNotice.LogMadeAnew);
        Assert.Single(relay.Commit().Republish);
        relay.AssertNo<RelayCommand.SendHeartbeat>();
    }

    /// <summary>Answers on the way until the wanted command is open.</summary>
    /// <returns>Its id.</returns>
    private static long Reach(RelayScript relay, string what, long position)
    {
        if (what == "ends")
            return relay.Take<RelayCommand.ReadEnds>().Id;
        relay.Ends(position);
        if (what == "records")
            return relay.Take<RelayCommand.ReadBack>().Id;
        relay.ReadBack();
        relay.Commit();
        return relay.Take<RelayCommand.SendHeartbeat>().Id;
    }
}
