using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Outbox.RelayScript;

namespace Statecast.Tests.Outbox;

/// <summary>When the source's word is said, and what it says (protocol section 3).</summary>
public sealed class RelayHeartbeatTests
{
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
