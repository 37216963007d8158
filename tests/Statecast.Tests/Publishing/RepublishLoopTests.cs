using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Tests.Hosting;
using Xunit;

namespace Statecast.Tests.Publishing;

/// <summary>The republisher keeps to its rate by the service's clock, and says how it stands.</summary>
public sealed class RepublishLoopTests
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.Parse("2026-07-01T10:00:00Z", null));

    [Fact]
    public async Task Rate_limit_spreads_the_keys_over_the_seconds()
    {
        var source = new KeySource(_clock) { Left = 250 };
        var loop = Loop(source, new() { KeysPerSecond = 50 });
        using var stop = new CancellationTokenSource();
        var running = loop.RunAsync(stop.Token);

        for (var second = 0; second < 5; second++)
        {
            await UntilAsync(() => source.Done == (second + 1) * 50);
            // Just before the second is over nothing more may have gone out.
            _clock.Advance(TimeSpan.FromMilliseconds(999));
            Assert.Equal((second + 1) * 50, source.Done);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }
        await UntilAsync(() => loop.EmptyLooks > 0);
        Assert.Equal([0.0, 1, 2, 3, 4], source.Begun.Select(t => (t - source.Begun[0]).TotalSeconds));
        await StopAsync(stop, running);
    }

    [Fact]
    public async Task Time_that_a_chunk_took_counts_for_the_rate()
    {
        var source = new KeySource(_clock) { Left = 100, Takes = TimeSpan.FromMilliseconds(700) };
        var loop = Loop(source, new() { KeysPerSecond = 50 });
        using var stop = new CancellationTokenSource();
        var running = loop.RunAsync(stop.Token);
        await UntilAsync(() => source.Done == 50);
        _clock.Advance(TimeSpan.FromMilliseconds(300));
        await UntilAsync(() => source.Done == 100);
        await StopAsync(stop, running);
    }

    [Fact]
    public async Task Without_a_limit_nothing_waits()
    {
        var source = new KeySource(_clock) { Left = 2000 };
        var loop = Loop(source, new() { ChunkSize = 300 });
        using var stop = new CancellationTokenSource();
        var running = loop.RunAsync(stop.Token);

        await UntilAsync(() => loop.EmptyLooks > 0);
        Assert.Equal(2000, source.Done);
        Assert.Equal(2000, loop.Total);
        await StopAsync(stop, running);
    }

    [Fact]
    public async Task Progress_says_queued_done_rate_and_remaining()
    {
        var source = new KeySource(_clock) { Left = 200 };
        var loop = Loop(source, new() { KeysPerSecond = 50 });
        Assert.Equal(new("keys", 0, 0, 0, 0), loop.Progress);
        using var stop = new CancellationTokenSource();
        var running = loop.RunAsync(stop.Token);
        await UntilAsync(() => loop.Progress.Done == 50);
        Assert.Equal(150, loop.Progress.Remaining);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => loop.Progress.Done == 100);

        Assert.Equal(new("keys", 1, 100, 100, 100), loop.Progress);
        Assert.Equal(TimeSpan.FromSeconds(1), loop.Progress.RemainingTime);
        // Counting is dear: once is enough, until more is queued.
        Assert.Equal(1, source.Counts);
        source.Left += 60;
        loop.Queued();
        _clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => loop.Progress.Done == 150);
        Assert.Equal((110, 2), (loop.Progress.Remaining, source.Counts));
        while (loop.EmptyLooks == 0)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.Equal(new("keys", 0, 0, 0, 0), loop.Progress);
        await StopAsync(stop, running);
    }

    [Fact]
    public async Task What_is_queued_in_crowds_is_counted_once_a_second_at_most()
    {
        var source = new KeySource(_clock) { Left = 1_000 };
        var loop = Loop(source, new() { KeysPerSecond = 100, ChunkSize = 10 });
        using var stop = new CancellationTokenSource();
        var running = loop.RunAsync(stop.Token);
        for (var chunk = 1; chunk <= 25; chunk++)
        {
            await UntilAsync(() => loop.Progress.Done == chunk * 10);
            source.Left += 4;
            loop.Queued();
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }
        // At the first chunk, after 1 s and after 2 s.
        Assert.Equal(3, source.Counts);
        await StopAsync(stop, running);
    }

    [Fact]
    public async Task Long_work_is_logged_now_and_then()
    {
        var source = new KeySource(_clock) { Left = 120, CanCount = false };
        var logger = new CapturedLogger();
        var loop = new RepublishLoop(source, new() { KeysPerSecond = 5 }, logger, _clock);
        using var stop = new CancellationTokenSource();
        var running = loop.RunAsync(stop.Token);
        for (var second = 1; second <= 24; second++)
        {
            await UntilAsync(() => loop.Progress.Done == second * 5);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
        await UntilAsync(() => loop.EmptyLooks > 0);

        Assert.Equal(2, logger.Of(2103).Count());
        Assert.Contains("55 keys looked at, 6 a second", logger.Of(2103).First());
        Assert.Contains("republished 120 keys", Assert.Single(logger.Of(2100)));
        Assert.Null(new RepublishProgress("keys", 0, 5, 5, null, 0).RemainingTime);
        await StopAsync(stop, running);
    }

    [Fact]
    public async Task Withheld_rows_are_logged_although_the_count_has_seen_them()
    {
        var source = new KeySource(_clock) { Left = 3, Withheld = 2 };
        var logger = new CapturedLogger();
        var loop = new RepublishLoop(source, new(), logger, _clock);
        using var stop = new CancellationTokenSource();
        var running = loop.RunAsync(stop.Token);
        await UntilAsync(() => loop.EmptyLooks > 0);
        Assert.Contains("has 2 row(s)", Assert.Single(logger.Of(2104)));
        Assert.Equal(2, loop.Progress.Withheld);

        // Told again only when there are others.
        foreach (var (left, withheld) in new[] { (5, 2), (1, 1) })
        {
            (source.Left, source.Withheld) = (left, withheld);
            var looks = loop.EmptyLooks;
            loop.Queued();
            await UntilAsync(() => loop.EmptyLooks > looks && loop.Progress.Withheld == withheld);
        }
        Assert.Equal(2, logger.Of(2104).Count());
        await StopAsync(stop, running);
    }

    [Fact]
    public void Parts_of_the_buckets_are_all_of_them_once()
    {
        foreach (var parts in new[] { 1, 2, 3, 7, 4096 })
        {
            var next = 0;
            for (var number = 0; number < parts; number++)
            {
                var part = BucketRange.Part(number, parts);
                Assert.Equal(next, part.First);
                Assert.InRange(part.Last - part.First + 1, 4096 / parts, 4096 / parts + 1);
                next = part.Last + 1;
            }
            Assert.Equal(4096, next);
        }
        Assert.Equal(BucketRange.All, BucketRange.Part(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BucketRange(-1, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BucketRange(5, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BucketRange(0, 4096));
        Assert.Throws<ArgumentOutOfRangeException>(() => BucketRange.Part(3, 3));
    }

    private RepublishLoop Loop(IStateSource source, RepublishOptions options) => new(source, options, NullLogger.Instance, _clock);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
            await Task.Delay(1, deadline.Token);
    }

    private static async Task StopAsync(CancellationTokenSource stop, Task running)
    {
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    /// <summary>A queue with a number of keys in it.</summary>
    private sealed class KeySource(FakeTimeProvider clock) : IStateSource
    {
        private long _done;

        public string Name => "keys";

        public IReadOnlyList<Publication> Publications => [];

        public int Left { get; set; }

        public int Withheld { get; set; }

        public TimeSpan Takes { get; init; }

        public bool CanCount { get; init; } = true;

        public long Done => Interlocked.Read(ref _done);

        public int Counts { get; private set; }

        public List<DateTimeOffset> Begun { get; } = [];

        public ValueTask<RepublishChunk> RepublishChunkAsync(int maxKeys, CancellationToken ct)
        {
            var keys = Math.Min(maxKeys, Left);
            if (keys > 0)
                Begun.Add(clock.GetUtcNow());
            clock.Advance(Takes);
            Left -= keys;
            Interlocked.Add(ref _done, keys);
            return new(new RepublishChunk(keys, keys > 0, []));
        }

        public ValueTask<RepublishQueue> CountRepublishAsync(CancellationToken ct)
        {
            Counts++;
            return new(CanCount ? new RepublishQueue(1, Left, Withheld) : default);
        }

        public ValueTask<IReadOnlyList<RepublishRequest>> PrepareAsync(CancellationToken ct) => throw new NotSupportedException();

        public IOutboxStore OpenOutbox() => throw new NotSupportedException();

        public ValueTask RequestRepublishAsync(IReadOnlyList<RepublishRequest> requests, CancellationToken ct) =>
            throw new NotSupportedException();
    }
}
