using Statecast.Outbox;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Outbox.RelayScript;

namespace Statecast.Tests.Outbox;

public sealed class RelaySendTests
{
    [Theory]
    [InlineData(SendResult.Confirmed, 1, 0)]
    [InlineData(SendResult.Refused, 0, 1)]
    public void Row_that_the_carrier_has_or_knows_better_is_deleted(SendResult result, long sent, long superseded)
    {
        var relay = new RelayScript().Active();
        relay.End(relay.Send(Row(1, "a")), result);

        Assert.Equal([1L], relay.Commit().Done);
        var counters = relay.Machine.Counters;
        Assert.Equal((1L, sent, superseded), (counters.Seen, counters.Sent, counters.Superseded));
        Assert.Equal(0, relay.Machine.InHand);
        relay.Pass(60);
        relay.AssertNo<RelayCommand.Send>();
    }

    [Theory, InlineData(SendResult.Unknown), InlineData(SendResult.Failed)]
    public void Event_that_did_not_arrive_is_sent_again_as_it_was(SendResult result)
    {
        var relay = new RelayScript().Active();
        var first = relay.Send(Row(1, "a"));
        relay.End(first, result);
        relay.AssertNo<RelayCommand.Commit>();
        // A newer revision of the key cannot pass it.
        relay.Wake();
        Assert.Equal([Lane()], relay.Read().Excluding);
        relay.AssertNo<RelayCommand.Commit>();

        relay.Pass(0.1);
        var again = relay.Take<RelayCommand.Send>();
        Assert.NotEqual(first.Id, again.Id);
        Assert.Same(first.Events[0], again.Events[0]);
        Assert.Equal(1, relay.Machine.Counters.Resent);
        Assert.Equal(1, relay.Machine.InHand);
    }

    [Fact]
    public void Newer_revision_waits_for_an_unknown_one_among_confirmed()
    {
        var relay = new RelayScript().Active();
        relay.End(relay.Send(Row(1, "a"), Row(2, "b")), SendResult.Unknown, SendResult.Confirmed);
        var again = relay.Take<RelayCommand.Send>();
        Assert.Equal(["a"], again.Events.Select(e => e.Key));
        Assert.Equal([2L], relay.Commit().Done);
        relay.Read();

        relay.Wake();
        relay.Read(Row(3, "a", revision: 2), Row(4, "b", revision: 2));
        Assert.Equal([4L], relay.Commit().Claims.Select(c => c.Sequence));
    }

    [Fact]
    public void Lost_answer_and_missing_outcomes_count_as_unknown()
    {
        var relay = new RelayScript().Active();
        var lost = relay.Send(Row(1, "a"), Row(2, "b"));
        relay.Fail(lost.Id);
        relay.AssertNo<RelayCommand.Commit>();

        relay.Pass(0.1);
        var again = relay.Take<RelayCommand.Send>();
        Assert.Equal(lost.Events, again.Events);
        relay.End(again, SendResult.Confirmed);
        Assert.Equal([1L], relay.Commit().Done);
        Assert.Equal(["b"], relay.Take<RelayCommand.Send>().Events.Select(e => e.Key));
    }

    [Fact]
    public void Late_answer_of_a_send_that_was_given_up_is_ignored()
    {
        var relay = new RelayScript().Active();
        var send = relay.Send(Row(1, "a"));
        relay.Fail(send.Id);
        relay.Confirm(send);

        relay.AssertNo<RelayCommand.Commit>();
        Assert.Equal(1, relay.Machine.InHand);
    }

    [Fact]
    public void Lane_that_takes_nothing_waits_alone()
    {
        var relay = new RelayScript(lanes: 2).Active();
        var send = relay.Send(Row(1, "a"), Row(2, "b", lane: 1));
        relay.End(send, SendResult.Failed, SendResult.Confirmed);
        Assert.Equal([2L], relay.Commit().Done);
        relay.Read();

        relay.Wake();
        Assert.Equal([Lane(0)], relay.Read(Row(3, "c", lane: 1)).Excluding);
        relay.Commit();
        relay.Confirm(relay.Take<RelayCommand.Send>());
        Assert.Equal([RelayNotice.LeaseAcquired, RelayNotice.LaneBlocked], relay.Notices);
        Assert.Equal([3L], relay.Commit().Done);

        relay.Pass(0.1);
        Assert.Empty(relay.Read([], [Row(1, "a")]).Excluding);
        relay.Confirm(relay.Take<RelayCommand.Send>());
        Assert.Equal(RelayNotice.LaneRecovered, relay.Notices[^1]);
        Assert.Equal([1L], relay.Commit().Done);
    }

    [Fact]
    public void Refused_event_among_others_holds_only_its_key()
    {
        var relay = new RelayScript().Active();
        relay.End(relay.Send(Row(1, "a"), Row(2, "b")), SendResult.Failed, SendResult.Confirmed);
        Assert.Equal([2L], relay.Commit().Done);
        relay.Read();

        relay.Wake();
        Assert.Empty(relay.Read(Row(3, "a", revision: 2), Row(4, "c")).Excluding);
        Assert.Equal([4L], relay.Commit().Claims.Select(c => c.Sequence));
        Assert.Equal(["c"], relay.Take<RelayCommand.Send>().Events.Select(e => e.Key));
        Assert.DoesNotContain(RelayNotice.LaneBlocked, relay.Notices);
    }

    [Fact]
    public void Event_refused_again_and_again_no_longer_holds_its_lane()
    {
        var relay = new RelayScript(options: new() { SuspectAfter = 3 }).Active();
        var send = relay.Send(Row(1, "a"));
        for (var n = 0; n < 2; n++)
        {
            relay.End(send, SendResult.Failed);
            relay.Pass(1);
            send = relay.Take<RelayCommand.Send>();
        }
        Assert.DoesNotContain(RelayNotice.EventRefused, relay.Notices);
        relay.Settle();
        relay.End(send, SendResult.Failed);
        Assert.Single(relay.Notices, RelayNotice.EventRefused);

        relay.Wake();
        Assert.Empty(relay.Read(Row(2, "b")).Excluding);
        relay.Commit();
        var other = relay.Take<RelayCommand.Send>();
        Assert.Equal(["b"], other.Events.Select(e => e.Key));

        // Told once, however often it is refused; its own tries go on.
        relay.Confirm(other);
        for (var n = 0; n < 5; n++)
        {
            relay.Pass(5);
            relay.Settle();
            relay.End(relay.Take<RelayCommand.Send>(), SendResult.Failed);
        }
        Assert.Single(relay.Notices, RelayNotice.EventRefused);
    }

    [Theory, InlineData(0.25), InlineData(0.999)]
    public void Lane_backs_off_by_full_jitter_up_to_the_cap(double fraction)
    {
        var relay = new RelayScript(options: new() { BackoffCap = TimeSpan.FromSeconds(1) }).Active();
        relay.Entropy.Fraction = fraction;
        var send = relay.Send(Row(1, "a"));
        foreach (var bound in (double[])[0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
        {
            relay.End(send, SendResult.Unknown);
            relay.Pass((bound * fraction) - 0.001);
            relay.AssertNo<RelayCommand.Send>();
            relay.Pass(0.001);
            send = relay.Take<RelayCommand.Send>();
        }
        Assert.Single(relay.Notices, RelayNotice.LaneBlocked);
    }

    [Fact]
    public void Blocked_lane_wakes_the_machine_when_its_wait_ends()
    {
        var relay = new RelayScript().Active();
        relay.End(relay.Send(Row(1, "a")), SendResult.Unknown);

        Assert.Equal(50, relay.WakeAt.TotalMilliseconds, tolerance: 0.001);
    }
}
