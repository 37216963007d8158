using Microsoft.Extensions.Time.Testing;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Tests.Hosting;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Publishing;

/// <summary>A carrier takes a request for done when the next is asked for: by then it is queued.</summary>
public sealed class RequestLoopTests
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.Parse("2026-07-01T10:00:00Z", null));
    private readonly CapturedLogger _logger = new();

    [Fact]
    public async Task Next_request_is_asked_for_once_the_one_before_is_queued()
    {
        var requests = new OneRequest();
        var source = new AskedSource { Failures = 3, Asked = requests };
        using var stop = new CancellationTokenSource();
        var running = Loop(source, requests, new NoJitter()).RunAsync(stop.Token);
        await UntilAsync(() => requests.Received == 2, running);
        Assert.Equal([1, 1, 1, 1], source.ReceivedByThen);
        Assert.Equal(["a", "b"], source.Queued.Select(r => r.Key));
        Assert.Single(_logger.Of(2106));
        await StopAsync(stop, running);
    }

    [Fact]
    public async Task Request_that_was_not_queued_is_not_done_with_when_the_loop_stops()
    {
        var (source, requests) = (new AskedSource { Failures = int.MaxValue }, new OneRequest());
        using var stop = new CancellationTokenSource();
        var running = Loop(source, requests).RunAsync(stop.Token);
        await UntilAsync(() => source.Tries == 1, running);
        await StopAsync(stop, running);
        Assert.Equal(1, requests.Received);
    }

    [Fact]
    public async Task Request_that_is_never_taken_ends_the_loop_with_its_reason()
    {
        var (source, requests) = (new AskedSource { Failures = int.MaxValue }, new OneRequest());
        var running = Loop(source, requests).RunAsync(CancellationToken.None);
        while (!running.IsCompleted)
        {
            _clock.Advance(Step);
            await Task.Yield();
        }
        Assert.Equal("full", (await Assert.ThrowsAsync<IOException>(() => running)).Message);
    }

    private RequestLoop Loop(IStateSource source, IStateRequests requests, IEntropy? entropy = null) =>
        new(
            source,
            "test.note",
            new("scripted", ScriptedTransport.Lane.Destination, 1, "json"),
            requests,
            () => { },
            new(TimeSpan.FromHours(1), _clock, entropy ?? SystemEntropy.Instance, _logger)
        );

    private static async Task UntilAsync(Func<bool> condition, Task running)
    {
        while (!condition())
        {
            if (running.IsCompleted)
                await running;
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task StopAsync(CancellationTokenSource stop, Task running)
    {
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    /// <summary>One request for two keys, and no more.</summary>
    private sealed class OneRequest : IStateRequests
    {
        private int _received;

        public int Received => Volatile.Read(ref _received);

        public ValueTask AskAsync(StateRequest request, CancellationToken ct) => throw new NotSupportedException();

        public async ValueTask<StateRequest> ReceiveAsync(string destination, CancellationToken ct)
        {
            if (Interlocked.Increment(ref _received) > 1)
                await Task.Delay(Timeout.Infinite, ct);
            return new(destination, ["a", "b"]);
        }
    }

    /// <summary>A source whose database is full for a while.</summary>
    private sealed class AskedSource : IStateSource
    {
        private int _tries;

        public int Failures { get; init; }

        public OneRequest? Asked { get; init; }

        /// <summary>At each try, how often the carrier was asked.</summary>
        public List<int?> ReceivedByThen { get; } = [];

        public int Tries => Volatile.Read(ref _tries);

        public IReadOnlyList<RepublishRequest> Queued { get; private set; } = [];

        public string Name => "asked";

        public IReadOnlyList<Publication> Publications => [];

        public ValueTask RequestRepublishAsync(IReadOnlyList<RepublishRequest> requests, CancellationToken ct)
        {
            ReceivedByThen.Add(Asked?.Received);
            if (Interlocked.Increment(ref _tries) <= Failures)
                throw new IOException("full");
            Queued = requests;
            return ValueTask.CompletedTask;
        }

        public ValueTask<IReadOnlyList<RepublishRequest>> PrepareAsync(CancellationToken ct) => throw new NotSupportedException();

        public IOutboxStore OpenOutbox() => throw new NotSupportedException();

        public ValueTask<RepublishChunk> RepublishChunkAsync(int maxKeys, CancellationToken ct) => throw new NotSupportedException();
    }

    /// <summary>Nothing is waited for.</summary>
    private sealed class NoJitter : IEntropy
    {
        public void Fill(Span<byte> destination) => destination.Clear();
    }
}
