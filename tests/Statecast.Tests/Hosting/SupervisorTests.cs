using System.Buffers.Binary;
using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Statecast.Hosting;
using Xunit;

namespace Statecast.Tests.Hosting;

/// <summary>Loops that fail, recover, stand still and will not end, on a clock that moves only when the test says so.</summary>
public sealed class SupervisorTests : IAsyncDisposable
{
    private readonly CountingTime _time = new();
    private readonly CapturedLogger _log = new();
    private readonly HalfEntropy _entropy = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Supervisor _supervisor;

    public SupervisorTests() => _supervisor = new(_log, _time, _entropy);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task Loop_that_throws_starts_again_after_a_jittered_wait_that_grows()
    {
        var loop = new ScriptedLoop(_time) { Fails = true };
        _supervisor.Start(loop, _stop.Token);
        await TargetHost.Until(() => loop.Starts == 1 && Failure is not null);
        // Half of 50 ms, of 100 ms, of 200 ms; then the cap of 10 s.
        foreach (var (wait, starts) in new[] { (25, 2), (50, 3), (100, 4) })
        {
            await WaitingAfter(starts - 1);
            _time.Advance(TimeSpan.FromMilliseconds(wait - 1));
            Assert.Equal(starts - 1, loop.Starts);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await TargetHost.Until(() => loop.Starts == starts);
        }
        // Told once: it is the same failure.
        Assert.Equal("The loop 'scripted' failed; it starts again in 00:00:00.0250000.", Assert.Single(_log.Of(1001)));
        Assert.Equal("as told", Failure);
        Assert.Empty(_log.Of(1004));
    }

    [Fact]
    public async Task Loop_that_goes_round_again_is_forgiven_and_told()
    {
        var loop = new ScriptedLoop(_time) { Fails = true };
        _supervisor.Start(loop, _stop.Token);
        await TargetHost.Until(() => Failure is not null);
        loop.Fails = false;
        await WaitingAfter(1);
        _time.Advance(TimeSpan.FromMilliseconds(25));
        await TargetHost.Until(() => loop.Starts == 2);
        Assert.Equal("as told", Failure);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        loop.Beat();
        await TargetHost.Until(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return Failure is null;
        });
        await TargetHost.Until(() => _log.Of(1004).Any());
        Assert.Equal("The loop 'scripted' works again.", Assert.Single(_log.Of(1004)));
    }

    [Fact]
    public async Task Loop_that_is_long_at_its_first_round_is_forgiven_too()
    {
        var loop = new ScriptedLoop(_time) { Fails = true };
        _supervisor.Start(loop, _stop.Token);
        await TargetHost.Until(() => Failure is not null);
        loop.Fails = false;
        await WaitingAfter(1);
        _time.Advance(TimeSpan.FromMilliseconds(25));
        await TargetHost.Until(() => loop.Starts == 2);
        // It opens its store, or its carrier has nothing to say.
        for (var second = 0; second < 30; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
        Assert.Equal("as told", Failure);
        loop.Beat();
        await TargetHost.Until(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return Failure is null;
        });
        await TargetHost.Until(() => _log.Of(1004).Any());
    }

    [Fact]
    public async Task Loop_that_goes_round_and_fails_again_is_not_forgiven()
    {
        var loop = new ScriptedLoop(_time) { Fails = true };
        _supervisor.Start(loop, _stop.Token);
        await TargetHost.Until(() => Failure is not null);
        loop.Fails = false;
        await WaitingAfter(1);
        _time.Advance(TimeSpan.FromMilliseconds(25));
        await TargetHost.Until(() => loop.Starts == 2 && _time.Timers == 2);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        loop.Beat();
        loop.Fails = true;
        loop.Break();
        // Its next start is 50 ms away, the look at the one before 900 ms; each start of many fails by then.
        for (var step = 0; step < 30; step++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
        Assert.Equal("as told", Failure);
        Assert.Empty(_log.Of(1004));
    }

    [Fact]
    public async Task Stop_while_waiting_starts_nothing_more()
    {
        var loop = new ScriptedLoop(_time) { Fails = true };
        _supervisor.Start(loop, _stop.Token);
        await TargetHost.Until(() => Failure is not null);
        await _stop.CancelAsync();
        await _supervisor.DrainAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
        Assert.Equal(1, loop.Starts);
        Assert.Empty(_log.Of(1005));
    }

    [Fact]
    public async Task Loops_that_will_not_end_share_one_deadline_and_are_named()
    {
        var loops = Enumerable.Range(0, 3).Select(_ => new ScriptedLoop(_time) { IsStubborn = true }).ToList();
        foreach (var loop in loops)
            _supervisor.Start(loop, _stop.Token);
        await TargetHost.Until(() => loops.All(l => l.Starts == 1));
        await _stop.CancelAsync();
        var draining = _supervisor.DrainAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(9.999));
        Assert.False(draining.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await draining.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(3, _log.Of(1005).Count());
        Assert.All(
            _log.Of(1005),
            l => Assert.StartsWith("The loop 'scripted' had not ended 00:00:10 after the stop", l, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Drain_ends_with_the_hosts_own_patience()
    {
        var loop = new ScriptedLoop(_time) { IsStubborn = true };
        _supervisor.Start(loop, _stop.Token);
        await TargetHost.Until(() => loop.Starts == 1);
        using var patience = new CancellationTokenSource();
        var draining = _supervisor.DrainAsync(TimeSpan.FromHours(1), patience.Token);
        Assert.False(draining.IsCompleted);
        await patience.CancelAsync();
        await draining.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Single(_log.Of(1005));
    }

    private string? Failure => _supervisor.Loops.Single().Failure;

    // The wait must be there before the clock moves: one timer for each, and one at each new start, which looks whether the loop works.
    private Task WaitingAfter(int failures) => TargetHost.Until(() => _time.Timers == (2 * failures) - 1);

    private sealed class CountingTime : FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }

    private sealed class HalfEntropy : IEntropy
    {
        public void Fill(Span<byte> destination) => BinaryPrimitives.WriteUInt32LittleEndian(destination, uint.MaxValue / 2 + 1);
    }

    private sealed class ScriptedLoop(TimeProvider time) : ISupervisedLoop
    {
        private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _starts;

        public int Starts => Volatile.Read(ref _starts);

        public bool Fails { get; set; }

        public bool IsStubborn { get; init; }

        public string Name => "scripted";

        public DateTimeOffset LastBeat { get; private set; } = time.GetUtcNow();

        public void Beat() => LastBeat = time.GetUtcNow();

        public void Break() => _broken.TrySetException(new InvalidOperationException("as told"));

        public async Task RunAsync(CancellationToken ct)
        {
            Interlocked.Increment(ref _starts);
            if (Fails)
                throw new InvalidOperationException("as told");
            await await Task.WhenAny(_broken.Task, Task.Delay(Timeout.Infinite, IsStubborn ? CancellationToken.None : ct));
        }
    }
}
