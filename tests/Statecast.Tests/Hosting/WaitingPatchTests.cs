using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;
using Statecast.Transport.InProcess;
using Xunit;
using static Statecast.Tests.Hosting.ScriptedTransport;

namespace Statecast.Tests.Hosting;

/// <summary>What a target says of a key whose patch waits, and whom it asks.</summary>
public sealed class WaitingPatchTests
{
    private readonly InProcessRequests _requests = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Absence_is_not_answered_and_freshness_is_unknown_until_the_full_state_comes()
    {
        var transport = new ScriptedTransport();
        await using var host = await new TargetHost(transport).StartAsync();
        transport.Deliver(Event(new(2, "old"), 1));
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        transport.Deliver(Patch(1, 3), Patch(2, 3));
        var status = host.Statecast.Replicas.Single();
        await TargetHost.Until(() => status.Waiting.Count == 2);

        var error = await Assert.ThrowsAsync<StateWaitingException>(() => host.Replica.GetAsync(1, ct: Ct).AsTask());
        Assert.Equal("1", error.Key);
        // What is here is old, and known to be.
        Assert.Equal("old", (await host.Replica.GetAsync(2, ct: Ct))!.Text);
        Assert.Null(await host.Replica.GetAsync(3, ct: Ct));
        Assert.False(host.Replica.Freshness.IsKnown);
        Assert.Contains("wait", host.Replica.Freshness.Unknown);

        transport.Deliver(Event(new(1, "new"), 3), Event(new(2, "new"), 3));
        await TargetHost.Until(() => status.Waiting.Count == 0);
        Assert.Equal("new", (await host.Replica.GetAsync(1, ct: Ct))!.Text);
        Assert.True(host.Replica.Freshness.IsKnown);
        var sums = status.Counters;
        Assert.Equal((5, 3, 2), (sums.Received, sums.Applied, sums.Superseded));
    }

    [Fact]
    public async Task Full_state_is_asked_for_once_and_again_by_the_next_life()
    {
        var store = new Statecast.Replicas.InMemory.MemoryReplicaStore();
        var transport = new ScriptedTransport { Requests = _requests };
        await using (var host = await new TargetHost(transport, r => r.InMemory(store)).StartAsync())
        {
            transport.Deliver(Patch(1, 3));
            Assert.Equal(new StateRequest("test.note.v1", ["1"]).Keys, (await AskedAsync()).Keys);
            transport.Deliver(Patch(1, 4), Patch(2, 2));
            // The first key has a question under way.
            Assert.Equal(["2"], (await AskedAsync()).Keys);
            transport.Break();
            Assert.Equal(["1", "2"], (await AskedAsync()).Keys.Order());
        }
    }

    private async Task<StateRequest> AskedAsync() =>
        await _requests.ReceiveAsync("test.note.v1", Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Ct);

    private static StateEvent Patch(int id, long revision) =>
        Event(new(id, "x"), revision) with
        {
            Operation = StateOperation.Patch,
            Base = revision - 1,
        };
}
