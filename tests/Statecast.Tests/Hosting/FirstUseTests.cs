using Statecast.Events;
using Statecast.Replicas;
using Xunit;
using static Statecast.Tests.Hosting.ScriptedTransport;

namespace Statecast.Tests.Hosting;

/// <summary>A replica in memory without index and handler decodes a body when it is first read, and parks one that cannot be read then.</summary>
public sealed class FirstUseTests
{
    private readonly ScriptedTransport _transport = new();

    [Fact]
    public async Task Unreadable_state_is_parked_by_its_first_reader()
    {
        await using var host = await Live(Event(new(1, "good"), 1), Bad(2, 1));
        Assert.Equal(0, host.Statecast.Replicas[0].Parked);
        await Assert.ThrowsAsync<StateParkedException>(() => host.Replica.GetAsync(2).AsTask());
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        await Assert.ThrowsAsync<StateParkedException>(() => host.Replica.GetAsync(2).AsTask());
        Assert.Equal("good", (await host.Replica.GetAsync(1))?.Text);
        AssertSums(host);
    }

    [Fact]
    public async Task Walk_passes_an_unreadable_state_and_parks_it()
    {
        await using var host = await Live(Event(new(1, "one"), 1), Bad(2, 1), Event(new(3, "three"), 1));
        Assert.Equal([1, 3], await host.Replica.EnumerateAsync().Select(e => e.Key).Order().ToListAsync());
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        AssertSums(host);
    }

    [Fact]
    public async Task Newer_state_ends_the_parking()
    {
        await using var host = await Live(Bad(2, 1));
        await Assert.ThrowsAsync<StateParkedException>(() => host.Replica.GetAsync(2).AsTask());
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        _transport.Deliver(Event(new(2, "good"), 2));
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 0);
        Assert.Equal("good", (await host.Replica.GetAsync(2))?.Text);
        AssertSums(host);
    }

    [Fact]
    public async Task Retry_decodes_and_leaves_parked_what_cannot_be_read()
    {
        await using var host = await Live(Bad(2, 1));
        await Assert.ThrowsAsync<StateParkedException>(() => host.Replica.GetAsync(2).AsTask());
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        Assert.Equal(0, await host.Statecast.Parked.RetryAsync("test.note.v1"));
        Assert.Equal(1, host.Statecast.Replicas[0].Parked);
    }

    [Fact]
    public async Task Body_of_another_key_is_parked_by_its_first_reader()
    {
        await using var host = await Live(Event(new(1, "of one"), 1) with { Key = "2" });
        var error = await Assert.ThrowsAsync<StateParkedException>(() => host.Replica.GetAsync(2).AsTask());
        Assert.Contains("of key '1'", error.Message);
    }

    [Fact]
    public async Task Wait_ends_when_what_it_waited_for_cannot_be_read()
    {
        await using var host = await Live();
        var wait = host.Replica.WaitForAsync(new("test.note", "2", new(1, 1)), TimeSpan.FromSeconds(10)).AsTask();
        _transport.Deliver(Bad(2, 1));
        await Assert.ThrowsAsync<StateParkedException>(() => wait);
    }

    private static void AssertSums(TargetHost host)
    {
        var status = host.Statecast.Replicas[0];
        var sums = status.Counters;
        Assert.Equal(sums.Received, sums.Applied + sums.Superseded + sums.Dropped + status.Parked);
    }

    private static StateEvent Bad(int id, long revision) => Event(new(id, ""), revision) with { Body = "{"u8.ToArray() };

    private async Task<TargetHost> Live(params StateEvent[] events)
    {
        var host = await new TargetHost(_transport, r => r.InMemory()).StartAsync();
        _transport.Deliver(events);
        await TargetHost.Until(() =>
            host.Replica.State == ReplicaState.Live && host.Statecast.Replicas[0].Counters.Received == events.Length
        );
        return host;
    }
}
