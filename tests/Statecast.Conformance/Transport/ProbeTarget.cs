using System.Text;
using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Conformance.Transport;

/// <summary>A target that only writes down what it receives. It seeks where it was told to, and acknowledges what it took.</summary>
public sealed class ProbeTarget(ITransportReceiver receiver, IReadOnlyDictionary<LaneId, long>? positions = null) : IAsyncDisposable
{
    public ITransportReceiver Receiver { get; } = receiver;

    /// <summary>Every event in the order received.</summary>
    public List<ReceivedEvent> Received { get; } = [];

    /// <summary>Every heartbeat, with how many events were there before it.</summary>
    public List<(Heartbeat Word, int EventsBefore)> Words { get; } = [];

    /// <summary>Every delivery.</summary>
    public List<Delivery> Deliveries { get; } = [];

    /// <summary>The lanes open now.</summary>
    public Dictionary<LaneId, LaneOpened> Open { get; } = [];

    /// <summary>The next position of each lane.</summary>
    public Dictionary<LaneId, long> Next { get; } = [];

    /// <summary>Lanes whose tail the last batch found.</summary>
    public HashSet<LaneId> AtTail { get; } = [];

    public IEnumerable<StateEvent> Events => Received.Select(r => r.Event).OfType<StateEvent>();

    /// <summary>The value of each key's newest event; null for a deleted one.</summary>
    public Dictionary<string, string?> Newest() =>
        Events
            .GroupBy(e => e.Key)
            .ToDictionary(g => g.Key, g => g.MaxBy(e => e.Revision) is { IsDelete: false } e ? Encoding.UTF8.GetString(e.Body.Span) : null);

    /// <summary>Receives until the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not within a minute.</exception>
    public async Task Until(Func<ProbeTarget, bool> condition, CancellationToken ct, int maxEvents = 100)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition(this))
            try
            {
                await Step(maxEvents, deadline.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"Not within 60 s. Received {Received.Count} events, {Words.Count} heartbeats; {Open.Count} lanes open, {AtTail.Count} at their tail."
                );
            }
    }

    /// <summary>Receives until every one of so many lanes is open and its tail was found.</summary>
    public Task UntilTail(int lanes, CancellationToken ct, int maxEvents = 100) =>
        Until(t => t.Open.Count == lanes && t.AtTail.Count == lanes, ct, maxEvents);

    public async Task<Delivery> Step(int maxEvents, CancellationToken ct)
    {
        var delivery = await Receiver.ReceiveAsync(maxEvents, ct);
        Deliveries.Add(delivery);
        foreach (var lane in delivery.Closed)
        {
            Open.Remove(lane);
            AtTail.Remove(lane);
        }
        foreach (var opened in delivery.Opened)
        {
            Open[opened.Lane] = opened;
            await Receiver.SeekAsync(opened.Lane, positions?.GetValueOrDefault(opened.Lane) ?? 0, ct);
        }
        foreach (var batch in delivery.Batches)
        {
            Received.AddRange(batch.Events);
            Next[batch.Lane] = batch.Next;
            _ = batch.AtTail ? AtTail.Add(batch.Lane) : AtTail.Remove(batch.Lane);
        }
        foreach (var word in delivery.Heartbeats)
            Words.Add((word, Received.Count));
        await Receiver.AcknowledgeAsync(delivery, ct);
        return delivery;
    }

    public ValueTask DisposeAsync() => Receiver.DisposeAsync();
}
