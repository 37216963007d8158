using Statecast.Events;
using Statecast.Outbox;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Outbox.RelayScript;

namespace Statecast.Tests.Outbox;

/// <summary>Protocol section 6 at the source: what the carrier remembers, beside what the database knows.</summary>
public sealed class RelayGoingBackTests
{
    private static readonly Guid Before = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    private static readonly Guid Lost = new(11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);

    [Theory]
    [InlineData(Epoch, 4, true)]
    [InlineData(Epoch, 9, true)]
    [InlineData(Epoch - 1, 900, false)]
    public void Nothing_is_found_in_what_the_line_explains(long epoch, long number, bool ofTheLine)
    {
        var relay = Acquired().Looked(new SentMark(Lane(), epoch, ofTheLine ? Before : Lost, number));
        Assert.Equal(RelayPhase.Recovering, relay.Machine.Phase);
        relay.AssertNo<RelayCommand.Commit>();
    }

    [Theory]
    [InlineData(Epoch + 1, 1, false)] // an epoch above
    [InlineData(Epoch, 10, true)] // beyond the last number under that lease
    [InlineData(Epoch, 12, true)] // above the counter
    [InlineData(Epoch, 3, false)] // a lease that the line does not know
    public void Whatever_the_line_does_not_explain_says_that_it_went_back(long epoch, long number, bool ofTheLine)
    {
        var relay = Acquired().Looked(new SentMark(Lane(), epoch, ofTheLine ? Before : Lost, number));
        var standing = relay.Standing;
        var change = relay.Commit();
        Assert.Equal(epoch, change.GoBackFrom?.Highest);
        Assert.Equal(standing, new(change.LeaseId, change.Counter, change.Epoch));
        Assert.Equal(Math.Max(12, number + 1), Assert.Single(change.Lanes).NextNumber);
        Assert.Equal([RelayNotice.LeaseAcquired, RelayNotice.WentBack], relay.Notices);

        // The lease is taken anew, and looked again: epoch, counters and line are others.
        relay.Give(new RelayInput.Released(relay.Take<RelayCommand.Release>().Id));
        relay.Take<RelayCommand.Acquire>();
        relay.AssertNo<RelayCommand.Read>();
        relay.AssertNo<RelayCommand.Send>();
    }

    [Fact]
    public void Nothing_is_claimed_or_sent_while_the_carrier_cannot_tell()
    {
        var relay = new RelayScript().Acquired();
        for (var n = 0; n < 5; n++)
        {
            relay.Fail(relay.Take<RelayCommand.Look>().Id);
            relay.Wake();
            relay.AssertNo<RelayCommand.Read>();
            relay.AssertNo<RelayCommand.Look>();
            relay.Pass(3);
        }
        // The lease is kept meanwhile, or another relay would look in vain.
        Assert.Null(relay.Commit().GoBackFrom);
        relay.Looked();
        Assert.Equal(RelayPhase.Recovering, relay.Machine.Phase);
        Assert.Equal([RelayNotice.LeaseAcquired, RelayNotice.LookFailing, RelayNotice.LookRecovered], relay.Notices);
    }

    [Fact]
    public void Stopping_ends_the_look()
    {
        var relay = new RelayScript().Acquired();
        relay.Give(new RelayInput.StopRequested());
        relay.Give(new RelayInput.Released(relay.Take<RelayCommand.Release>().Id));
        Assert.Equal(RelayPhase.Stopped, relay.Machine.Phase);
    }

    [Fact]
    public void Sleeper_that_lands_later_is_found_with_the_next_batch()
    {
        var relay = new RelayScript().Active();
        var send = relay.Send(Row(1, "a"), Row(2, "b"));
        var own = new SentMark(Lane(), Epoch, send.Events[0].LeaseId, 2);
        var outcomes = send.Events.Select(_ => new SendOutcome(SendResult.Confirmed)).ToArray();
        relay.Give(new RelayInput.SendEnded(send.Id, outcomes, [own, new(Lane(), Epoch, Lost, 40)]));

        var change = relay.Commit();
        Assert.Equal((Epoch, 41L), (change.GoBackFrom!.Highest, change.Lanes[0].NextNumber));
        // What was confirmed under the lost number line stays, and is sent again under the new epoch.
        Assert.Empty(change.Done);
        relay.Give(new RelayInput.Released(relay.Take<RelayCommand.Release>().Id));
        Assert.Equal(0, relay.Machine.Counters.Seen);
    }

    [Fact]
    public void Sleeper_that_lands_later_is_found_with_the_next_heartbeat()
    {
        var relay = new RelayScript().Active();
        relay.Read();
        relay.Ends(5, 1, new SentMark(Lane(), Epoch + 1, Lost, 1));
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        Assert.Equal(Epoch + 1, relay.Commit().GoBackFrom!.Highest);
    }

    [Fact]
    public void Going_back_whose_answer_was_lost_is_looked_at_again()
    {
        var relay = new RelayScript().Acquired().Looked(new SentMark(Lane(), Epoch + 1, Lost, 1));
        var first = relay.Take<RelayCommand.Commit>();
        relay.Fail(first.Id);
        relay.Pass(1);
        // It took effect: the condition does not hold any more.
        Assert.Same(first.Change, relay.Commit(held: false));
        relay.Give(new RelayInput.Released(relay.Take<RelayCommand.Release>().Id));
        relay.Take<RelayCommand.Acquire>();
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 0, 1)]
    public void Lease_that_stands_in_a_copy_is_no_lease(int otherLease, int counter, int epoch)
    {
        var relay = new RelayScript().Active();
        relay.Confirm(relay.Send(Row(1, "a")));
        relay.Commit();
        // Restored under the relay's feet.
        var standing = relay.Standing;
        relay.Standing = new(otherLease == 1 ? Lost : standing.LeaseId, standing.Counter - counter, standing.Epoch - epoch);
        relay.Pass(1);
        relay.Read();
        relay.AssertNo<RelayCommand.ReadEnds>();
        relay.AssertNo<RelayCommand.SendHeartbeat>();
        Assert.Contains(RelayNotice.LeaseLost, relay.Notices);
        relay.Take<RelayCommand.Release>();
    }

    [Fact]
    public void Heartbeat_states_a_floor_for_every_lane_once_all_is_said()
    {
        var relay = new RelayScript(lanes: 2);
        relay.Before.Add(new(Lane(0), Before, 3));
        relay.Acquired(counter: new(Lane(), 12, 1, 0)).Looked().Read();
        relay.Read();
        relay.Ends(5);
        Assert.Equal([new LaneFloor(Epoch, 3), new LaneFloor(Epoch, 12)], relay.Say().Ends.Select(e => e.Floor));

        relay.Published = [];
        relay.Pass(1);
        relay.Read();
        relay.Ends(5);
        Assert.All(relay.Say().Ends, e => Assert.Equal(default, e.Floor));
    }

    // Numbers 1 to 9 were handed out under the lease before, 10 and 11 under one without a mark; 12 is next.
    private static RelayScript Acquired()
    {
        var relay = new RelayScript();
        relay.Before.AddRange([new(Lane(), Before, 1), new(Lane(), Guid.AllBitsSet, 10)]);
        return relay.Acquired(counter: new(Lane(), 12, 0, 0));
    }
}
