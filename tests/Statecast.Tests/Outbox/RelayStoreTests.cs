using Statecast.Outbox;
using Statecast.Transport;
using Xunit;
using static Statecast.Tests.Outbox.RelayScript;

namespace Statecast.Tests.Outbox;

public sealed class RelayStoreTests
{
    [Fact]
    public void Failed_commit_is_repeated_as_it_was_before_anything_else()
    {
        var relay = new RelayScript().Active();
        relay.Read(Row(1, "a"));
        var failed = relay.Take<RelayCommand.Commit>();
        relay.Fail(failed.Id);
        relay.Wake();
        relay.AssertNo<RelayCommand.Read>();
        relay.AssertNo<RelayCommand.Commit>();

        for (var n = 0; n < 3; n++)
        {
            relay.Pass(1);
            relay.AssertNo<RelayCommand.Read>();
            var again = relay.Take<RelayCommand.Commit>();
            Assert.Same(failed.Change, again.Change);
            relay.Fail(again.Id);
        }
        relay.AssertNo<RelayCommand.Send>();
        relay.Pass(1);
        relay.Commit();
        Assert.Equal(["a"], relay.Take<RelayCommand.Send>().Events.Select(e => e.Key));
        Assert.Equal([RelayNotice.LeaseAcquired, RelayNotice.StoreFailing, RelayNotice.StoreRecovered], relay.Notices);
        Assert.Equal(1, relay.Machine.Counters.Seen);
    }

    [Fact]
    public void Rows_confirmed_meanwhile_go_with_the_commit_after_the_unanswered()
    {
        var relay = new RelayScript().Active();
        var first = relay.Send(Row(1, "a"));
        relay.Wake();
        relay.Read([Row(2, "b")], [Row(1, "a"), Row(2, "b")]);
        var failed = relay.Take<RelayCommand.Commit>();
        relay.Fail(failed.Id);
        relay.Confirm(first);
        relay.Pass(1);

        Assert.Empty(relay.Commit().Done);
        Assert.Equal([1L], relay.Commit().Done);
    }

    [Fact]
    public void Repeated_commit_renews_from_its_last_try()
    {
        var relay = new RelayScript().Active();
        relay.Pass(1);
        relay.Read(Row(1, "a"));
        relay.Fail(relay.Take<RelayCommand.Commit>().Id);
        relay.Pass(4);
        relay.Commit();
        relay.Settle(commits: false);

        relay.Pass(4.9);
        relay.Settle(commits: false);
        relay.AssertNo<RelayCommand.Commit>();
        relay.Pass(0.1);
        relay.Commit();
    }

    [Fact]
    public void Read_and_acquisition_are_tried_again_after_a_wait()
    {
        var relay = new RelayScript();
        relay.Give(new RelayInput.Started());
        var first = relay.Take<RelayCommand.Acquire>();
        relay.Fail(first.Id);
        relay.AssertNo<RelayCommand.Acquire>();
        relay.Pass(0.05);
        // An answer to what was given up is of no interest any more.
        relay.Give(new RelayInput.LeaseAnswered(first.Id, null));
        Assert.DoesNotContain(RelayNotice.StandingBy, relay.Notices);
        relay.Acquired().Looked();

        relay.Fail(relay.Take<RelayCommand.Read>().Id);
        relay.AssertNo<RelayCommand.Read>();
        relay.Pass(0.05);
        Assert.True(relay.Take<RelayCommand.Read>().Query.Claimed);
    }

    [Theory, InlineData(0.25), InlineData(0.999)]
    public void Store_is_tried_again_by_full_jitter_up_to_the_cap(double fraction)
    {
        var relay = new RelayScript(options: new() { BackoffCap = TimeSpan.FromSeconds(0.3) });
        relay.Entropy.Fraction = fraction;
        relay.Give(new RelayInput.Started());
        foreach (var bound in (double[])[0.1, 0.2, 0.3, 0.3])
        {
            relay.Fail(relay.Take<RelayCommand.Acquire>().Id);
            relay.Pass((bound * fraction) - 0.001);
            relay.AssertNo<RelayCommand.Acquire>();
            relay.Pass(0.001);
        }
        relay.Take<RelayCommand.Acquire>();
    }

    [Fact]
    public void Sends_go_on_while_the_store_fails_until_the_lease_ends()
    {
        var relay = new RelayScript(options: new() { MaxBatches = 1, MaxBatchEvents = 1 }).Active();
        var send = relay.Send(Row(1, "a"), Row(2, "b"), Row(3, "c"));
        relay.Confirm(send);
        relay.Fail(relay.Take<RelayCommand.Commit>().Id);
        relay.Pass(1);

        send = relay.Take<RelayCommand.Send>();
        Assert.Equal(["b"], send.Events.Select(e => e.Key));
        relay.Pass(19);
        relay.Confirm(send);
        relay.AssertNo<RelayCommand.Send>();
    }
}
