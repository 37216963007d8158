using Statecast.Outbox;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Outbox.RelayScript;

namespace Statecast.Tests.Outbox;

public sealed class RelayStopTests
{
    [Fact]
    public void Relay_without_a_lease_stops_at_once()
    {
        var relay = new RelayScript();
        relay.Give(new RelayInput.StopRequested());
        Assert.Equal(RelayPhase.Stopped, relay.Machine.Phase);
        relay.AssertNo<RelayCommand.Acquire>();
    }

    [Fact]
    public void Lease_that_arrives_while_stopping_is_given_back()
    {
        var relay = new RelayScript();
        relay.Give(new RelayInput.Started());
        relay.Give(new RelayInput.StopRequested());
        Assert.Equal(RelayPhase.Acquiring, relay.Machine.Phase);
        relay.Acquired();

        relay.AssertNo<RelayCommand.Read>();
        Release(relay);
    }

    [Fact]
    public void Idle_relay_gives_the_lease_back_in_the_same_step()
    {
        var relay = new RelayScript().Active();
        relay.Settle();
        relay.Give(new RelayInput.StopRequested());

        Release(relay);
    }

    [Fact]
    public void Stopping_relay_claims_nothing_and_ends_what_is_under_way()
    {
        var relay = new RelayScript(options: new() { MaxBatches = 1, MaxBatchEvents = 1 }).Active();
        var first = relay.Send(Row(1, "a"), Row(2, "b"));
        relay.Wake();
        relay.Give(new RelayInput.StopRequested());
        // The read was under way: what it brings is left for the next holder.
        relay.Read([Row(3, "c")], [Row(1, "a"), Row(2, "b"), Row(3, "c")]);
        relay.Wake();
        relay.AssertNo<RelayCommand.Commit>();
        relay.AssertNo<RelayCommand.Read>();
        relay.AssertNo<RelayCommand.Release>();

        // Claimed is claimed: it is sent.
        relay.Confirm(first);
        var second = relay.Take<RelayCommand.Send>();
        Assert.Equal(["b"], second.Events.Select(e => e.Key));
        Assert.Equal([1L], relay.Commit().Done);
        relay.AssertNo<RelayCommand.Release>();

        relay.Confirm(second);
        relay.AssertNo<RelayCommand.Release>();
        Assert.Equal([2L], relay.Commit().Done);
        Release(relay);
        Assert.Equal((2L, 2L, 0L), (relay.Machine.Counters.Seen, relay.Machine.Counters.Sent, relay.Machine.InHand));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Lease_is_not_given_back_while_the_earlier_holders_sends_are_waited_for(bool stopping)
    {
        // Who takes one that was given back would not wait.
        var relay = new RelayScript(Plain).Active(takenOver: true);
        relay.Settle();
        if (stopping)
            relay.Give(new RelayInput.StopRequested());
        else
        {
            relay.Wake();
            relay.Read(Row(1, "a"));
            relay.Commit(held: false);
        }
        relay.Pass(relay.Options.DeliveryTimeout - TimeSpan.FromSeconds(0.1));
        relay.Settle();
        relay.AssertNo<RelayCommand.Release>();

        relay.Pass(0.1);
        relay.Take<RelayCommand.Release>();
    }

    [Fact]
    public void What_the_carrier_does_not_take_is_left_for_the_next_holder()
    {
        var relay = new RelayScript().Active();
        var send = relay.Send(Row(1, "a"));
        relay.Give(new RelayInput.StopRequested());
        relay.End(send, SendResult.Failed);

        Release(relay);
        Assert.Equal(0, relay.Machine.Counters.Seen);
    }

    [Fact]
    public void Relay_stops_although_the_lease_cannot_be_given_back()
    {
        var relay = new RelayScript().Active();
        relay.Settle();
        relay.Give(new RelayInput.StopRequested());
        relay.Fail(relay.Take<RelayCommand.Release>().Id);

        Assert.Equal(RelayPhase.Stopped, relay.Machine.Phase);
    }

    [Fact]
    public void Stopped_relay_does_nothing_more()
    {
        var relay = new RelayScript().Active();
        relay.Settle();
        relay.Give(new RelayInput.StopRequested());
        Release(relay);

        relay.Wake();
        relay.Give(new RelayInput.Started());
        relay.Pass(60);
        relay.AssertNo<RelayCommand>();
    }

    [Fact]
    public void Drain_that_ends_gives_the_lease_back_where_the_log_asks_the_guard()
    {
        var relay = new RelayScript().Active();
        var send = relay.Send(Row(1, "a"));
        relay.Give(new RelayInput.StopRequested());
        relay.AssertNo<RelayCommand.Release>();
        relay.Give(new RelayInput.DrainEnded());

        Release(relay);
        Assert.Equal((0L, 0L), (relay.Machine.Counters.Seen, relay.Machine.InHand));
        relay.Confirm(send);
        relay.AssertNo<RelayCommand>();
    }

    [Fact]
    public void Drain_that_ends_waits_for_the_commit_under_way()
    {
        var relay = new RelayScript().Active();
        relay.Confirm(relay.Send(Row(1, "a"), Row(2, "b")));
        relay.Give(new RelayInput.StopRequested());
        relay.Give(new RelayInput.DrainEnded());
        relay.AssertNo<RelayCommand.Release>();
        Assert.Equal([1L, 2L], relay.Commit().Done);

        Release(relay);
        Assert.Equal((2L, 2L), (relay.Machine.Counters.Seen, relay.Machine.Counters.Sent));
    }

    [Fact]
    public void Drain_that_ends_keeps_the_lease_where_the_log_takes_whatever_lands()
    {
        var relay = new RelayScript(Plain).Active();
        relay.Send(Row(1, "a"));
        relay.Give(new RelayInput.StopRequested());
        relay.Give(new RelayInput.DrainEnded());

        relay.AssertNo<RelayCommand.Release>();
        Assert.Equal(1, relay.Machine.InHand);
    }

    private static void Release(RelayScript relay)
    {
        relay.AssertNo<RelayCommand.Commit>();
        relay.Give(new RelayInput.Released(relay.Take<RelayCommand.Release>().Id));
        Assert.Equal(RelayPhase.Stopped, relay.Machine.Phase);
    }
}
