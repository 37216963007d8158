using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Outbox.RelayScript;

namespace Statecast.Tests.Outbox;

/// <summary>A log that was made anew, or has lost what it had confirmed, is filled anew before a word is said on it.</summary>
public sealed class RelayLostLogTests
{
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
}
