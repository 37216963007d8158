using Statecast.Outbox;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Outbox.RelayScript;

namespace Statecast.Tests.Outbox;

public sealed class RelayLeaseTests
{
    [Fact]
    public void Start_asks_for_the_lease_of_every_lane_looks_and_recovers()
    {
        var relay = new RelayScript(lanes: 2);
        relay.Give(new RelayInput.Started());

        var request = relay.Take<RelayCommand.Acquire>();
        Assert.Equal([Lane(0), Lane(1)], request.Request.Lanes);
        Assert.Equal(relay.Options.LeaseDuration, request.Request.Duration);

        var again = new RelayScript(lanes: 2).Acquired();
        Assert.Equal(RelayPhase.Looking, again.Machine.Phase);
        again.AssertNo<RelayCommand.Read>();
        Assert.Equal(RelayPhase.Recovering, again.Looked().Machine.Phase);
        Assert.True(again.Take<RelayCommand.Read>().Query.Claimed);
        Assert.Equal([RelayNotice.LeaseAcquired], again.Notices);
        Assert.Equal(Epoch, again.Machine.Epoch);
    }

    [Theory, InlineData(0.0, 0.5), InlineData(0.5, 1.0), InlineData(0.999, 1.499)]
    public void Refused_lease_is_asked_for_again_after_a_random_wait(double fraction, double seconds)
    {
        var relay = new RelayScript();
        relay.Entropy.Fraction = fraction;
        relay.Give(new RelayInput.Started());
        for (var round = 0; round < 3; round++)
        {
            var refused = relay.Take<RelayCommand.Acquire>();
            relay.Give(new RelayInput.LeaseAnswered(refused.Id, null));

            relay.Pass(seconds - 0.01);
            relay.AssertNo<RelayCommand.Acquire>();
            relay.Pass(0.02);
        }

        relay.Take<RelayCommand.Acquire>();
        Assert.Equal([RelayNotice.StandingBy], relay.Notices);
        Assert.Equal(RelayPhase.Acquiring, relay.Machine.Phase);
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    public void Take_over_waits_where_the_log_does_not_ask_the_guard(bool takenOver, bool guarded, bool waits)
    {
        var relay = new RelayScript(guarded ? Guarded : Plain).Active(takenOver);
        relay.Read(Row(1, "a"));
        relay.Commit();

        if (!waits)
        {
            relay.Take<RelayCommand.Send>();
            return;
        }
        Assert.Equal([RelayNotice.LeaseAcquired, RelayNotice.TakeOverWait], relay.Notices);
        relay.AssertNo<RelayCommand.Send>();
        Keep(relay, until: relay.Options.DeliveryTimeout - TimeSpan.FromMilliseconds(1));
        relay.AssertNo<RelayCommand.Send>();
        relay.Pass(0.001);
        relay.Take<RelayCommand.Send>();
    }

    [Theory]
    // 20 s of lease, counted from before it was asked for; 10 s for a delivery.
    [InlineData(true, 19.9, true)]
    [InlineData(true, 20.0, false)]
    [InlineData(false, 9.9, true)]
    [InlineData(false, 10.0, false)]
    public void Nothing_is_sent_that_the_lease_may_not_outlive(bool guarded, double seconds, bool sends)
    {
        // The claim takes effect with its answer, late; its renewal counts from before it was issued.
        var relay = new RelayScript(guarded ? Guarded : Plain).Active();
        relay.Read(Row(1, "a"));
        relay.Pass(seconds);
        relay.Commit();

        if (sends)
            relay.Take<RelayCommand.Send>();
        else
            relay.AssertNo<RelayCommand.Send>();
    }

    [Fact]
    public void Lease_counts_from_before_it_was_asked_for()
    {
        var relay = new RelayScript();
        relay.Give(new RelayInput.Started());
        relay.Pass(4);
        relay.Active();
        relay.Read();

        relay.Pass(0.9);
        relay.AssertNo<RelayCommand.Commit>();
        relay.Pass(0.1);
        Assert.Equal(relay.Options.LeaseDuration, relay.Take<RelayCommand.Commit>().Change.Renew);
    }

    [Fact]
    public void Every_commit_renews_the_lease_for_a_quarter_of_it()
    {
        var relay = new RelayScript().Active();
        relay.Settle(commits: false);
        relay.Pass(4);
        relay.Settle(commits: false);
        relay.Confirm(relay.Send(Row(1, "a")));
        relay.Commit();
        relay.Settle(commits: false);

        relay.Pass(4.9);
        relay.Settle(commits: false);
        relay.AssertNo<RelayCommand.Commit>();
        relay.Pass(0.1);
        relay.Commit();
    }

    [Fact]
    public void Refused_commit_leaves_waits_for_sends_and_acquires_anew()
    {
        var relay = new RelayScript(lanes: 2).Active();
        var send = relay.Send(Row(1, "a"));
        relay.Wake();
        relay.Read([Row(2, "b", lane: 1)], [Row(1, "a"), Row(2, "b", lane: 1)]);
        var refused = relay.Commit(held: false);

        Assert.Equal(RelayPhase.Leaving, relay.Machine.Phase);
        Assert.Contains(RelayNotice.LeaseLost, relay.Notices);
        relay.AssertNo<RelayCommand.Send>();
        relay.AssertNo<RelayCommand.Release>();

        relay.Confirm(send);
        var release = relay.Take<RelayCommand.Release>();
        Assert.Equal(refused.LeaseId, release.LeaseId);
        relay.Give(new RelayInput.Released(release.Id));

        Assert.NotEqual(refused.LeaseId, relay.Take<RelayCommand.Acquire>().Request.LeaseId);
        Assert.Equal(0, relay.Machine.Counters.Seen);
        Assert.Equal(0, relay.Machine.Epoch);
    }

    [Fact]
    public void Lease_goes_back_late_when_a_send_may_still_land()
    {
        foreach (var guarded in (bool[])[true, false])
        {
            var relay = new RelayScript(guarded ? Guarded : Plain).Active();
            var send = relay.Send(Row(1, "a"));
            relay.Pass(2);
            relay.Read([], [Row(1, "a")]);
            relay.End(send, SendResult.Unknown);
            relay.Give(new RelayInput.StopRequested());

            if (!guarded)
            {
                relay.AssertNo<RelayCommand.Release>();
                // Ten seconds from the hand-over, of which two are gone.
                relay.Pass(7.9);
                relay.AssertNo<RelayCommand.Release>();
                relay.Pass(0.1);
            }
            relay.Take<RelayCommand.Release>();
        }
    }

    [Fact]
    public void Lease_that_cannot_be_given_back_is_left_to_run_out()
    {
        var relay = new RelayScript().Active();
        relay.Read(Row(1, "a"));
        relay.Commit(held: false);
        relay.Fail(relay.Take<RelayCommand.Release>().Id);

        Assert.Equal(RelayPhase.Acquiring, relay.Machine.Phase);
        relay.Pass(1);
        relay.Take<RelayCommand.Acquire>();
    }

    [Fact]
    public void Commits_are_conditional_on_a_counter_that_each_change_raises()
    {
        var relay = new RelayScript().Active();
        relay.Read(Row(1, "a"));
        Assert.Equal(0, relay.Commit().Counter);
        relay.Confirm(relay.Take<RelayCommand.Send>());

        // Deletes raise it too: a copy that has the row still is another database.
        var deletes = relay.Commit();
        Assert.Equal((1, Epoch), (deletes.Counter, deletes.Epoch));
        relay.Read();
        relay.Wake();
        relay.Read(Row(2, "b"));
        Assert.Equal(2, relay.Commit().Counter);
    }

    /// <summary>Lets time pass in steps in which the lease is renewed.</summary>
    private static void Keep(RelayScript relay, TimeSpan until)
    {
        while (relay.Now < until)
        {
            var step = until - relay.Now;
            relay.Pass(step < TimeSpan.FromSeconds(1) ? step : TimeSpan.FromSeconds(1));
            relay.Settle();
        }
    }
}
