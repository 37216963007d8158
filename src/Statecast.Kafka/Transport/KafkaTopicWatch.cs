using Microsoft.Extensions.Logging;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>What a look at a destination's topics found.</summary>
/// <param name="Topic">The destination's topic; null if there is none.</param>
/// <param name="Ends">Where its partitions end.</param>
/// <param name="HasControl">Whether there is a control topic.</param>
/// <param name="ControlEnd">Where that one ends.</param>
internal sealed record KafkaFinding(KafkaTopic? Topic, IReadOnlyList<long> Ends, bool HasControl, long ControlEnd);

/// <summary>Looks from time to time, and when asked, whether a destination's topics came, went, or were made anew.</summary>
internal sealed class KafkaTopicWatch(string destination, KafkaTopics topics, KafkaOptions options, TimeProvider clock, ILogger logger)
    : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _asked = new(0);
    private KafkaTopic? _topic;
    private KafkaTopic? _control;
    private bool _looked;
    private Task _watching = Task.CompletedTask;

    // Handed over to the receiver.
    private volatile KafkaFinding? _news;
    private volatile Exception? _failure;

    /// <summary>Looks for the first time; then goes on by itself.</summary>
    /// <param name="wake">Called when there is news.</param>
    /// <param name="ct">Ends the first look.</param>
    public async Task StartAsync(Action wake, CancellationToken ct)
    {
        await LookAsync(ct).ConfigureAwait(false);
        if (_failure is { } failure)
            throw failure;
        if (_topic is null)
            LogMessages.TopicMissing(logger, destination);
        _watching = WatchAsync(wake);
    }

    /// <summary>What is new since the last call; null if nothing is.</summary>
    /// <exception cref="TransportException">The topic is not as it must be any more.</exception>
    public KafkaFinding? TakeNews()
    {
        if (_failure is { } failure)
            throw new TransportException(failure.Message, failure);
        return Interlocked.Exchange(ref _news, null);
    }

    /// <summary>Something points to a change: looks soon.</summary>
    public void Ask()
    {
        if (_asked.CurrentCount == 0)
            _asked.Release();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _closing.Dispose();
        _asked.Dispose();
    }

    private async Task WatchAsync(Action wake)
    {
        var failing = false;
        try
        {
            while (true)
            {
                await PauseAsync().ConfigureAwait(false);
                try
                {
                    if (await LookAsync(_closing.Token).ConfigureAwait(false))
                        wake();
                    failing = false;
                }
                // Brokers that are away come back, and the consumer finds them itself.
                catch (TransportException e)
                {
                    if (!failing)
                        LogMessages.ClientError(logger, destination, e.Message);
                    failing = true;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
        catch (Exception e)
        {
            _failure = e;
            wake();
        }
    }

    // While the topic is missing somebody waits for it.
    private async Task PauseAsync()
    {
        var pause = _topic is null || _control is null ? options.TopicLookInterval / 8 : options.TopicLookInterval;
        using var timer = new CancellationTokenSource(pause, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, _closing.Token);
        try
        {
            await _asked.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_closing.IsCancellationRequested)
        {
            // It is time.
        }
    }

    private async Task<bool> LookAsync(CancellationToken ct)
    {
        var topic = await topics.FindAsync(destination, ct).ConfigureAwait(false);
        var control = topic is null ? null : await topics.FindAsync(KafkaTopic.ControlOf(destination), ct).ConfigureAwait(false);
        if (_looked && topic == _topic && control?.Incarnation == _control?.Incarnation)
            return false;
        if (topic is not null && topic.Incarnation == _topic?.Incarnation && topic.Partitions != _topic.Partitions)
        {
            _failure = new TransportException(topics.Rules.OtherPartitions(topic, _topic.Partitions));
            return true;
        }
        if (
            topic is not null
            && topic.Incarnation != _topic?.Incarnation
            && await topics.FindProblemAsync(destination, ct).ConfigureAwait(false) is { } problem
        )
        {
            // No outage that ends by itself: the target says it until somebody has mended it, and looks again with every try.
            _failure = new TransportException(problem);
            return true;
        }
        long[] ends = topic is null
            ? []
            : await topics
                .ReadEndsAsync(
                    [.. Enumerable.Range(0, topic.Partitions).Select(n => KafkaDestination.PartitionOf(new(destination, n)))],
                    ct
                )
                .ConfigureAwait(false);
        var controlEnd = control is null ? 0 : (await topics.ReadEndsAsync([new(control.Name, 0)], ct).ConfigureAwait(false))[0];
        (_topic, _control, _looked) = (topic, control, true);
        _news = new(topic, ends, control is not null, controlEnd);
        return true;
    }
}
