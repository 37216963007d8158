using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Xunit;
using static Statecast.Tests.Hosting.ScriptedTransport;

namespace Statecast.Tests.Hosting;

/// <summary>A target as a user sees it, over a scripted carrier and the memory store.</summary>
public sealed class TargetTests
{
    private readonly ScriptedTransport _transport = new();

    [Fact]
    public async Task Reads_throw_until_the_replica_was_complete_once()
    {
        await using var host = await new TargetHost(_transport).StartAsync();
        await Assert.ThrowsAsync<ReplicaNotReadyException>(() => host.Replica.GetAsync(1).AsTask());
        Assert.Null(await host.Replica.GetAsync(1, options: ReadOptions.Partial));
        _transport.Deliver(Event(new(1, "a"), 1));
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        Assert.Equal("a", (await host.Replica.GetAsync(1))?.Text);
        Assert.Null(await host.Replica.GetAsync(2));
        Assert.True(host.Replica.Freshness.IsKnown);
    }

    [Fact]
    public async Task Token_is_waited_for_and_a_late_one_times_out()
    {
        await using var host = await new TargetHost(_transport).StartAsync();
        _transport.Deliver();
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        var token = new StateToken("test.note", "1", new(1, 2));
        var waiting = host.Replica.GetAsync(1, token).AsTask();
        _transport.Deliver(Event(new(1, "older"), 1));
        _transport.Deliver(Event(new(1, "mine"), 2));
        Assert.Equal("mine", (await waiting)?.Text);
        await Assert.ThrowsAsync<ReplicaBehindException>(() =>
            host.Replica.WaitForAsync(token with { Revision = new(1, 9) }, TimeSpan.FromMilliseconds(20)).AsTask()
        );
        await Assert.ThrowsAsync<ArgumentException>(() =>
            host.Replica.WaitForAsync(token with { Contract = "other" }, TimeSpan.FromSeconds(1)).AsTask()
        );
    }

    [Fact]
    public async Task Index_finds_states_by_each_of_their_values()
    {
        var byWord = StateIndex.OnMany<NoteState, string>("word", n => n.Text.Split(' '));
        await using var host = await new TargetHost(_transport, r => r.Index(byWord)).StartAsync();
        _transport.Deliver(Event(new(1, "red green"), 1), Event(new(2, "green"), 1), Event(new(3, "blue"), 1));
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        Assert.Equal([1, 2], (await host.Replica.QueryAsync(byWord, "green").ToListAsync()).Select(n => n.Key));
        _transport.Deliver(Event(new(1, "blue"), 2));
        await host.Replica.WaitForAsync(new("test.note", "1", new(1, 2)), TimeSpan.FromSeconds(10));
        Assert.Equal([2], (await host.Replica.QueryAsync(byWord, "green").ToListAsync()).Select(n => n.Key));
        Assert.Equal([1, 3], (await host.Replica.QueryAsync(byWord, "blue").ToListAsync()).Select(n => n.Key));
        var undeclared = StateIndex.OnValue<NoteState, int>("length", n => n.Text.Length);
        Assert.Throws<ArgumentException>(() => host.Replica.QueryAsync(undeclared, 3));
    }

    [Fact]
    public async Task Parked_key_says_so_others_answer_and_a_retry_mends_it()
    {
        var broken = true;
        var index = StateIndex.On<NoteState, string>(
            "text",
            n => broken && n.Id == 1 ? throw new InvalidOperationException("user's own") : n.Text
        );
        await using var host = await new TargetHost(_transport, r => r.Index(index)).StartAsync();
        _transport.Deliver(Event(new(1, "bad"), 1), Event(new(2, "good"), 1));
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        var error = await Assert.ThrowsAsync<StateParkedException>(() => host.Replica.GetAsync(1).AsTask());
        Assert.Contains("user's own", error.Message);
        Assert.Equal("good", (await host.Replica.GetAsync(2))?.Text);
        Assert.False(host.Replica.Freshness.IsKnown);
        Assert.Equal("1", (await host.Statecast.Parked.EventsAsync("test.note.v1").SingleAsync()).Key);
        Assert.Equal(0, await host.Statecast.Parked.RetryAsync("test.note.v1"));
        broken = false;
        Assert.Equal(1, await host.Statecast.Parked.RetryAsync("test.note.v1", "1"));
        Assert.Equal("bad", (await host.Replica.GetAsync(1))?.Text);
        Assert.True(host.Replica.Freshness.IsKnown);
        Assert.Equal(new ReplicaCounters(2, 2, 0, 0), host.Statecast.Replicas[0].Counters);
    }

    [Fact]
    public async Task Dropped_event_leaves_the_sums_right()
    {
        var index = StateIndex.On<NoteState, string>("text", _ => throw new InvalidOperationException("always"));
        await using var host = await new TargetHost(_transport, r => r.Index(index)).StartAsync();
        _transport.Deliver(Event(new(1, "a"), 1));
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        Assert.Equal(1, await host.Statecast.Parked.DropAsync("test.note.v1"));
        Assert.Equal(new ReplicaCounters(1, 0, 0, 1), host.Statecast.Replicas[0].Counters);
        Assert.Equal(0, host.Statecast.Replicas[0].Parked);
    }

    [Fact]
    public async Task Event_of_another_major_is_parked()
    {
        await using var host = await new TargetHost(_transport).StartAsync();
        _transport.Deliver(Event(new(1, "a"), 1) with { Lane = new("test.note.v2", 0) });
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        Assert.Contains("a newer one a record that has it", (await host.Statecast.Parked.EventsAsync("test.note.v1").SingleAsync()).Reason);
    }

    [Fact]
    public async Task Body_of_another_key_is_parked()
    {
        await using var host = await new TargetHost(_transport).StartAsync();
        _transport.Deliver(Event(new(1, "a"), 1) with { Key = "7" });
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        Assert.Contains("'7'", (await host.Statecast.Parked.EventsAsync("test.note.v1").SingleAsync()).Reason);
    }

    [Theory]
    [InlineData(450, 1, 200)]
    [InlineData(7, 1_500_000, 3)]
    public async Task Parked_events_are_resolved_in_pages(int count, int length, int page)
    {
        var store = new InterceptedStore(new MemoryReplicaStore());
        // A source that is wrong about its keys, and then says the states under the right one.
        await using (var host = await new TargetHost(_transport, r => r.In(_ => store)).StartAsync())
        {
            var text = new string('x', length);
            foreach (var chunk in Enumerable.Range(1, count).Chunk(2))
                _transport.Deliver([.. chunk.Select(id => Event(new(0, text), 1) with { Key = $"{id}" })]);
            await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == count);
            store.LargestUnit = 0;
            Assert.Equal(0, await host.Statecast.Parked.RetryAsync("test.note.v1"));
            Assert.Equal((page, count), (store.LargestUnit, host.Statecast.Replicas[0].Parked));
        }
        // Tried again at each start, too.
        store.LargestUnit = 0;
        await using var again = await new TargetHost(new(), r => r.In(_ => store)).StartAsync();
        await TargetHost.Until(() => store.LargestUnit > 0 && again.Statecast.Replicas[0].Parked == count);
        Assert.Equal(count, await again.Statecast.Parked.DropAsync("test.note.v1"));
        Assert.Equal((page, 0), (store.LargestUnit, again.Statecast.Replicas[0].Parked));
        Assert.Equal(count, again.Statecast.Replicas[0].Counters.Dropped);
    }

    [Fact]
    public async Task Loop_that_starts_again_over_a_store_in_memory_knows_its_source()
    {
        await using var host = await new TargetHost(_transport).StartAsync();
        _transport.Deliver(Event(new(1, "a"), 1));
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        _transport.Break();
        await TargetHost.Until(() => _transport.SourcesAsked.Count == 2);
        // Before it was complete it may be anybody's; afterwards another source's states are not taken for its own.
        Assert.Equal([null, "notes"], _transport.SourcesAsked);
    }

    [Fact]
    public async Task Request_that_waits_when_the_service_stops_is_told_so()
    {
        var store = new InterceptedStore(new MemoryReplicaStore()) { IsAway = true };
        await using var host = await new TargetHost(_transport, r => r.In(_ => store)).StartAsync();
        await TargetHost.Until(() => host.Statecast.Replicas[0].Failure is not null);
        var waiting = host.Statecast.Parked.RetryAsync("test.note.v1");
        Assert.False(waiting.IsCompleted);
        await host.StopAsync();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Contains("Ask again there", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Statecast.Parked.DropAsync("test.note.v1"));
    }

    [Fact]
    public async Task Handler_is_retried_then_stalled_and_other_keys_go_on()
    {
        var calls = new Calls { Fails = change => change.Key == "1" };
        await using var host = await new TargetHost(_transport, r => r.On<Recorder>(), s => s.AddSingleton(calls)).StartAsync();
        _transport.Deliver();
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        _transport.Deliver(Event(new(1, "bad"), 1), Event(new(2, "good"), 1, "Created"));
        await TargetHost.Until(() => calls.Done.Any(c => c.Key == "2"));
        Assert.Equal(["Created"], calls.Done.Single(c => c.Key == "2").Causes);
        IReadOnlyList<PendingChange> stalled = [];
        while ((stalled = await host.Statecast.Parked.StalledAsync("test.note.v1").ToListAsync()).Count == 0)
            await Task.Delay(2);
        Assert.Equal(8, calls.Failed);
        Assert.Contains("handler threw", stalled[0].Reason);
        await TargetHost.Until(() => host.Statecast.Replicas[0].Stalled == 1);
        var (ready, text) = await ReadyAsync(host);
        Assert.Equal(HealthStatus.Degraded, ready);
        Assert.Contains("1 change(s) were given up by handlers", text);
        calls.Fails = _ => false;
        Assert.True(await host.Statecast.Parked.RetryStalledAsync("test.note.v1", nameof(Recorder), "1"));
        await TargetHost.Until(() => calls.Done.Any(c => c.Key == "1"));
        Assert.Equal(HealthStatus.Healthy, (await ReadyAsync(host)).Status);
    }

    [Fact]
    public async Task Stalled_change_that_is_dropped_is_never_handled()
    {
        var calls = new Calls { Fails = change => change.Current?.Text == "bad" };
        await using var host = await new TargetHost(_transport, r => r.On<Recorder>(), s => s.AddSingleton(calls)).StartAsync();
        var parked = host.Statecast.Parked;
        _transport.Deliver();
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        Assert.False(await parked.DropStalledAsync("test.note.v1", nameof(Recorder), "1"));
        _transport.Deliver(Event(new(1, "bad"), 1, "One"));
        while ((await parked.StalledAsync("test.note.v1").ToListAsync()).Count == 0)
            await Task.Delay(2);
        Assert.False(await parked.DropStalledAsync("test.note.v1", nameof(Recorder), "2"));
        Assert.True(await parked.DropStalledAsync("test.note.v1", nameof(Recorder), "1"));
        Assert.Empty(await parked.StalledAsync("test.note.v1").ToListAsync());
        Assert.Equal(HealthStatus.Healthy, (await ReadyAsync(host)).Status);
        calls.Fails = _ => false;
        Assert.False(await parked.RetryStalledAsync("test.note.v1", nameof(Recorder), "1"));
        // Only the handler lost it: the replica has the state, and what comes later is handled without the dropped cause.
        Assert.Equal("bad", (await host.Replica.GetAsync(1))?.Text);
        _transport.Deliver(Event(new(1, "good"), 2, "Two"));
        await TargetHost.Until(() => calls.Done.Count > 0);
        var change = calls.Done.Single();
        Assert.Equal("good", change.Current?.Text);
        Assert.Equal(["Two"], change.Causes);
    }

    [Fact]
    public async Task Newer_state_revives_a_stalled_handler()
    {
        var calls = new Calls { Fails = change => change.Current?.Text == "bad" };
        await using var host = await new TargetHost(_transport, r => r.On<Recorder>(), s => s.AddSingleton(calls)).StartAsync();
        _transport.Deliver();
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        _transport.Deliver(Event(new(1, "bad"), 1, "One"));
        await TargetHost.Until(() => host.Statecast.Replicas[0].Stalled == 1);
        _transport.Deliver(Event(new(1, "good"), 2, "Two"));
        await TargetHost.Until(() => host.Statecast.Replicas[0].Stalled == 0);
        await TargetHost.Until(() => calls.Done.Count == 1);
        var change = calls.Done.Single();
        Assert.Equal((null, "good"), (change.Previous?.Text, change.Current?.Text));
        Assert.Equal(["One", "Two"], change.Causes);
    }

    [Fact]
    public async Task Idle_means_handlers_are_done()
    {
        var gate = new TaskCompletionSource();
        var calls = new Calls { Wait = gate.Task };
        await using var host = await new TargetHost(_transport, r => r.On<Recorder>(), s => s.AddSingleton(calls)).StartAsync();
        _transport.Deliver();
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        _transport.Deliver(Event(new(1, "a"), 1));
        await host.Replica.WaitForAsync(new("test.note", "1", new(1, 1)), TimeSpan.FromSeconds(10));
        var idle = host.Statecast.WhenIdleAsync();
        _transport.Deliver();
        await Task.WhenAny(idle, Task.Delay(100));
        Assert.False(idle.IsCompleted);
        gate.SetResult();
        await idle.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Single(calls.Done);
    }

    [Fact]
    public async Task Readiness_follows_the_replica()
    {
        await using var host = await new TargetHost(_transport).StartAsync();
        var health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(c => c.Tags.Contains("ready"))).Status);
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(c => c.Tags.Contains("live"))).Status);
        Assert.Contains(", 0 keys, staleness unknown: ", host.Statecast.Replicas[0].ToString(), StringComparison.Ordinal);
        _transport.Deliver();
        await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        Assert.StartsWith(
            "test.note.v1: Live, 0 keys, up to date as of 2",
            host.Statecast.Replicas[0].ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(c => c.Tags.Contains("ready"))).Status);
    }

    private static async Task<(HealthStatus Status, string? Text)> ReadyAsync(TargetHost host)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(c => c.Tags.Contains("ready"));
        return (report.Status, report.Entries.Single().Value.Description);
    }

    private sealed class Calls
    {
        private int _failed;
        public ConcurrentQueue<StateChange<NoteState>> Done { get; } = [];
        public Func<StateChange<NoteState>, bool> Fails { get; set; } = _ => false;
        public Task Wait { get; init; } = Task.CompletedTask;
        public int Failed => _failed;

        public async Task Handle(StateChange<NoteState> change)
        {
            if (Fails(change))
            {
                Interlocked.Increment(ref _failed);
                throw new InvalidOperationException("the handler threw");
            }
            await Wait;
            Done.Enqueue(change);
        }
    }

    private sealed class Recorder(Calls calls) : IStateHandler<NoteState>
    {
        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct) => calls.Handle(change);
    }
}
