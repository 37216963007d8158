using System.Text;
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
    public async Task Index_over_a_field_leaves_the_state_to_its_first_reader()
    {
        var byText = StateIndex.On(NoteState.Fields.Text);
        await using var host = await new TargetHost(_transport, r => r.InMemory().Index(byText)).StartAsync();
        _transport.Deliver(Event(new(1, "green"), 1), Cut(2, "green", 1), Event(new(3, "blue"), 1));
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live && host.Statecast.Replicas[0].Counters.Received == 3);
        Assert.Equal(0, host.Statecast.Replicas[0].Parked);
        Assert.Equal([3], await Keys("blue"));
        // The index knows the key whose state nobody can read; a walk over its states passes it.
        Assert.Equal([1], await Keys("green"));
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        _transport.Deliver(Event(new(2, "blue"), 2), Event(new(3, "green"), 2));
        await host.Replica.WaitForAsync(new("test.note", "3", new(1, 2)), TimeSpan.FromSeconds(10));
        Assert.Equal([1, 3], await Keys("green"));
        Assert.Equal([2], await Keys("blue"));
        AssertSums(host);

        ValueTask<List<int>> Keys(string text) => host.Replica.QueryAsync(byText, text).Select(n => n.Key).Order().ToListAsync();
    }

    [Fact]
    public async Task Index_over_a_field_that_cannot_be_read_parks_the_event()
    {
        var byText = StateIndex.On(NoteState.Fields.Text);
        await using var host = await new TargetHost(_transport, r => r.InMemory().Index(byText)).StartAsync();
        _transport.Deliver(Bad(2, 1), Event(new(1, "good"), 1));
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        Assert.Equal([1], await host.Replica.QueryAsync(byText, "good").Select(n => n.Key).ToListAsync());
        AssertSums(host);
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

    // Readable up to the text, and no further.
    private static StateEvent Cut(int id, string text, long revision) =>
        Event(new(id, text), revision) with
        {
            Body = Encoding.UTF8.GetBytes($"{{\"id\":{id},\"text\":\"{text}\","),
        };

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
