using Statecast.Serialization.Avro.Registry;

namespace Statecast.Kafka.Transport;

/// <summary>
/// Lanes that stand at a record whose schema is not known: each waits for the registry's answer, however long that takes, while others go on. Used by the receiver
/// alone; nothing is kept of a record but what the registry is asked with.
/// </summary>
/// <param name="bodies">Asks the registry.</param>
/// <param name="clock">The clock.</param>
/// <param name="wake">Called when there is an answer, or a reason why there is none.</param>
internal sealed class KafkaHeldLanes(KafkaBodies bodies, TimeProvider clock, Action wake) : IAsyncDisposable
{
    // A registry that is silent is waited for with its own patience; one that says no at once is asked again after this.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    private readonly Dictionary<KafkaLane, (Task Answer, CancellationTokenSource Ended)> _asking = [];
    private volatile string? _failure;

    /// <summary>Why lanes wait, once the registry was asked in vain; null if none does.</summary>
    public string? Reason => _asking.Count == 0 ? null : _failure;

    /// <summary>Holds a lane at its next position until the schema of what stands there is known.</summary>
    public void Hold(KafkaLane lane, KafkaUnread unread)
    {
        lane.IsHeld = true;
        var ended = new CancellationTokenSource();
        _asking[lane] = (Task.Run(() => AskAsync(unread, ended.Token)), ended);
    }

    /// <summary>It is read from elsewhere, or not at all any more.</summary>
    public void Forget(KafkaLane lane)
    {
        if (!_asking.Remove(lane, out var asking))
            return;
        lane.IsHeld = false;
        asking.Ended.Cancel();
        if (_asking.Count == 0)
            _failure = null;
    }

    /// <summary>Lanes that may go on, and those that are read no more.</summary>
    /// <param name="isRead">Whether a lane is still read here.</param>
    public IReadOnlyList<KafkaLane> Ended(Func<KafkaLane, bool> isRead) =>
        _asking.Count == 0 ? [] : [.. _asking.Where(a => a.Value.Answer.IsCompleted || !isRead(a.Key)).Select(a => a.Key)];

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, ended) in _asking.Values)
            await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_asking.Values.Select(a => a.Answer)).ConfigureAwait(false);
    }

    private async Task AskAsync(KafkaUnread unread, CancellationToken ct)
    {
        try
        {
            while (!await TryAskAsync(unread, ct).ConfigureAwait(false))
                await Task.Delay(AskAgain, clock, ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Nobody waits for it any more.
        }
        wake();
    }

    private async Task<bool> TryAskAsync(KafkaUnread unread, CancellationToken ct)
    {
        try
        {
            await bodies.AskAsync(unread, ct).ConfigureAwait(false);
            return true;
        }
        // It has no answer now. Nothing is parked that could be read later.
        catch (SchemaRegistryException e)
        {
            _failure = e.Message;
            wake();
            return false;
        }
    }
}
