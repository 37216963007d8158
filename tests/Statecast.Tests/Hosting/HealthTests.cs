using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Statecast.Consuming;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Tests.Hosting.Faults;
using Xunit;
using static Statecast.Tests.Hosting.ScriptedTransport;

namespace Statecast.Tests.Hosting;

/// <summary>What the checks say of a target that is well, behind, cut off, parked, failing or stuck.</summary>
public sealed class HealthTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly ScriptedTransport _transport = new();
    private readonly CapturedLogger _log = new();
    private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _unstuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _fails;
    private volatile bool _sticks;

    [Fact]
    public async Task Replica_that_never_was_complete_is_unhealthy_and_says_how_far_it_is()
    {
        await using var host = await StartAsync(live: false);
        var (status, text) = await CheckAsync(host, "ready");
        Assert.Equal(HealthStatus.Unhealthy, status);
        Assert.Contains("0 of 0 positions to read", text);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "live")).Status);
    }

    [Fact]
    public async Task Replica_that_is_staler_than_allowed_is_degraded()
    {
        await using var host = await StartAsync(o => o.Target.MaxStaleness = TimeSpan.FromSeconds(30));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "ready")).Status);
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "ready")).Status);
        _time.Advance(TimeSpan.FromSeconds(30));
        var (status, text) = await CheckAsync(host, "ready");
        Assert.Equal(HealthStatus.Degraded, status);
        Assert.Contains("Statecast:Target:MaxStaleness", text);
        // A carrier that brings nothing is no reason to restart the process.
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "live")).Status);
    }

    [Fact]
    public async Task Source_that_fell_silent_makes_degraded()
    {
        await using var host = await StartAsync(o => o.Target.MaxStaleness = TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromMinutes(4));
        var (status, text) = await CheckAsync(host, "ready");
        Assert.Equal(HealthStatus.Degraded, status);
        Assert.Contains("staleness unknown: no heartbeat of 'notes'", text);
    }

    [Fact]
    public async Task Parked_event_makes_degraded_until_it_is_dropped()
    {
        await using var host = await StartAsync();
        _transport.Deliver(Event(new(1, "a"), 1) with { Key = "7" });
        await TargetHost.Until(() => host.Statecast.Replicas[0].Parked == 1);
        var (status, text) = await CheckAsync(host, "ready");
        Assert.Equal(HealthStatus.Degraded, status);
        Assert.Contains("1 parked event(s)", text);
        await host.Statecast.Parked.DropAsync("test.note.v1");
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "ready")).Status);
    }

    [Fact]
    public async Task Store_that_fails_makes_degraded_is_told_once_and_recovers()
    {
        await using var host = await StartAsync();
        _fails = true;
        _transport.Deliver(Event(new(1, "a"), 1));
        await TargetHost.Until(() => host.Statecast.Replicas[0].Failure is not null);
        var (status, text) = await CheckAsync(host, "ready");
        Assert.Equal((HealthStatus.Degraded, "test.note.v1: the store failed: BeforeRows"), (status, text));
        // It tries again and again, which is what a live loop does.
        await AssertStaysAliveAsync(host);
        Assert.Single(_log.Of(3004));
        _fails = false;
        _transport.Deliver();
        await TargetHost.Until(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return host.Statecast.Replicas[0].Failure is null;
        });
        Assert.Equal("a", (await host.Replica.GetAsync(1))?.Text);
        await TargetHost.Until(() => _log.Of(3005).Any());
    }

    [Fact]
    public async Task Loop_that_stands_still_fails_the_live_check()
    {
        await using var host = await StartAsync(o => o.LoopTimeout = TimeSpan.FromMinutes(2));
        _sticks = true;
        _transport.Deliver(Event(new(1, "a"), 1));
        await _stuck.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "live")).Status);
        _time.Advance(TimeSpan.FromSeconds(1));
        var (status, text) = await CheckAsync(host, "live");
        Assert.Equal(HealthStatus.Unhealthy, status);
        Assert.Contains("the loop 'apply test.note.v1' stands still since", text);
        _unstuck.SetResult();
        _transport.Deliver();
        await TargetHost.Until(() => LastBeats(host).All(b => b == _time.GetUtcNow()));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "live")).Status);
    }

    [Fact]
    public async Task Target_that_nothing_comes_for_is_alive()
    {
        await using var host = await StartAsync(o => o.LoopTimeout = TimeSpan.FromMinutes(2));
        await AssertStaysAliveAsync(host);
    }

    [Fact]
    public async Task Handler_that_hangs_is_told_once_and_the_loop_is_alive()
    {
        var hang = new Hang();
        await using var host = await StartAsync(handler: hang);
        _transport.Deliver(Event(new(1, "a"), 1));
        await TargetHost.Until(() => hang.Calls == 1);
        await AssertStaysAliveAsync(host);
        var line = Assert.Single(_log.Of(3007));
        Assert.Contains("'HangingHandler' has run for key '1' for ", line);
        hang.Gate.SetResult();
    }

    // Ten minutes in small steps: the loops beat by timers of their own, whenever those are made.
    private async Task AssertStaysAliveAsync(TargetHost host)
    {
        var until = _time.GetUtcNow() + TimeSpan.FromMinutes(10);
        await TargetHost.Until(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            return LastBeats(host).All(b => b >= until && _time.GetUtcNow() - b <= TimeSpan.FromMinutes(1));
        });
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "live")).Status);
    }

    private static IEnumerable<DateTimeOffset> LastBeats(TargetHost host) =>
        host.Services.GetRequiredService<StatecastRuntime>().Loops.Select(l => l.Loop.LastBeat);

    private static async Task<(HealthStatus Status, string? Text)> CheckAsync(TargetHost host, string tag)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(c => c.Tags.Contains(tag));
        var entry = Assert.Single(report.Entries).Value;
        return (entry.Status, entry.Description);
    }

    private async Task<TargetHost> StartAsync(Action<StatecastOptions>? options = null, bool live = true, Hang? handler = null)
    {
        var host = await new TargetHost(
            _transport,
            r =>
            {
                r.In(_ => new WitnessStore(new MemoryReplicaStore(), new(), Fails));
                if (handler is not null)
                    r.On<HangingHandler>();
            },
            s =>
            {
                if (handler is not null)
                    s.AddSingleton(handler);
                s.AddSingleton<TimeProvider>(_time).AddLogging(l => l.AddProvider(_log));
                if (options is not null)
                    s.Configure(options);
            }
        ).StartAsync();
        _transport.Clock = _time;
        if (live)
        {
            _transport.Deliver();
            await TargetHost.Until(() => host.Replica.State == ReplicaState.Live);
        }
        return host;
    }

    private bool Fails(StoreMoment moment)
    {
        if (_sticks && moment == StoreMoment.BeforeRows)
        {
            _sticks = false;
            _stuck.SetResult();
            _unstuck.Task.Wait(TimeSpan.FromSeconds(20));
        }
        return _fails && moment == StoreMoment.BeforeRows;
    }

    private sealed class Hang
    {
        private int _calls;

        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Calls => _calls;

        public Task Wait(CancellationToken ct)
        {
            Interlocked.Increment(ref _calls);
            return Gate.Task.WaitAsync(ct);
        }
    }

    private sealed class HangingHandler(Hang hang) : IStateHandler<NoteState>
    {
        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct) => hang.Wait(ct);
    }
}
