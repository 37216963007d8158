using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Xunit;
using static Statecast.Tests.Hosting.ScriptedTransport;

namespace Statecast.Tests.Hosting.Faults;

/// <summary>A commit that took effect although its answer was lost: the replica's rows are right by the guard, and so must be what is said of them.</summary>
public sealed class LostAnswerTests
{
    private readonly ScriptedTransport _transport = new();
    private bool _fails;

    [Fact]
    public async Task Reader_who_waits_for_a_token_is_woken()
    {
        await using var host = await StartAsync();
        var waiting = host.Replica.WaitForAsync(new("test.note", "1", new(1, 1)), TimeSpan.FromSeconds(10)).AsTask();
        _fails = true;
        _transport.Deliver(Event(new(1, "a"), 1));
        await waiting;
        await TargetHost.Until(() => host.Statecast.Replicas[0].Counters == new ReplicaCounters(2, 1, 1, 0));
        Assert.Equal(1, host.Statecast.Replicas[0].Keys);
        Assert.False(_fails);
    }

    [Fact]
    public async Task Operator_who_retries_hears_of_it_and_the_sums_stay_right()
    {
        await using var host = await StartAsync();
        _transport.Deliver(Event(new(1, "a"), 1) with { Key = "7" });
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        _fails = true;
        await Assert.ThrowsAsync<ReplicaStoreException>(() => host.Statecast.Parked.DropAsync("test.note.v1"));
        _transport.Deliver();
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 0);
        Assert.Equal(new ReplicaCounters(1, 0, 0, 1), host.Statecast.Replicas[0].Counters);
    }

    private async Task<TargetHost> StartAsync()
    {
        var host = await new TargetHost(_transport, r => r.In(_ => new WitnessStore(new MemoryReplicaStore(), new(), Fails))).StartAsync();
        _transport.Deliver();
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        return host;
    }

    private bool Fails(StoreMoment moment)
    {
        if (!_fails || moment != StoreMoment.AfterCommit)
            return false;
        _fails = false;
        return true;
    }
}
