using RabbitMQ.Client;
using Statecast.Hosting;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// What a target says to its source, never over the connection that it reads by: a broker that is short of memory or disk reads nothing more from one that
/// published, no acknowledgement either. Nobody waits for it; what was not taken is said again at the next look.
/// </summary>
/// <param name="parts">What is shared.</param>
/// <param name="names">The destination's names.</param>
internal sealed class RabbitVoice(RabbitParts parts, RabbitNames names)
{
    private readonly Lock _gate = new();

    // By key.
    private readonly Dictionary<string, byte[]> _unsaid = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _saying = new(StringComparer.Ordinal);

    /// <summary>Says something, instead of what was not said by this key yet.</summary>
    public void Say(string key, byte[] body, CancellationToken ct)
    {
        lock (_gate)
        {
            _unsaid[key] = body;
            Begin(key, ct);
        }
    }

    /// <summary>Says what was not taken.</summary>
    public void SayAgain(CancellationToken ct)
    {
        lock (_gate)
            foreach (var key in _unsaid.Keys)
                Begin(key, ct);
    }

    /// <summary>Ends when nothing more is under way.</summary>
    public Task SilenceAsync()
    {
        lock (_gate)
            return Task.WhenAll(_saying.Values);
    }

    private void Begin(string key, CancellationToken ct)
    {
        if (_saying.TryGetValue(key, out var saying) && !saying.IsCompleted)
            return;
        var body = _unsaid[key];
        _saying[key] = Task.Run(() => SayAsync(key, body, ct), CancellationToken.None);
    }

    private async Task SayAsync(string key, byte[] body, CancellationToken ct)
    {
        try
        {
            var outcome = (await parts.Asks.PublishAsync([Message(key, body)], null, ct).ConfigureAwait(false))[0];
            // A question that nobody hears needs no answer: a source says its lanes when it comes. A word must be kept by somebody.
            if (outcome.Answer == RabbitAnswer.Confirmed || (key == RabbitNames.HelloKey && outcome.Answer == RabbitAnswer.Unrouted))
                Said(key, body);
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e))
        {
            // The target stops, or its carrier does.
        }
    }

    private void Said(string key, byte[] body)
    {
        lock (_gate)
            if (_unsaid.TryGetValue(key, out var newest) && ReferenceEquals(newest, body))
                _unsaid.Remove(key);
    }

    private RabbitPublish Message(string key, byte[] body) =>
        new(
            names.Asks,
            key,
            new()
            {
                MessageId = parts.Surroundings.Entropy.NextGuid().ToString(),
                ContentType = "application/json",
                DeliveryMode = DeliveryModes.Persistent,
            },
            body
        );
}
