using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>The carrier of one host, with what became of its sends and how much it received: that a fault happened is counted, not assumed.</summary>
internal sealed class CountedTransport(ITransport inner) : ITransport, IAsyncDisposable
{
    private long _confirmed;
    private long _failed;
    private long _unknown;
    private long _unrouted;
    private long _received;
    private long _openings;
    private long _closed;

    /// <summary>Sends that reached a queue, or a log.</summary>
    public long Confirmed => Interlocked.Read(ref _confirmed);

    /// <summary>Sends that the broker refused, or that the carrier did not let through.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Sends of which no confirmation came, or none in time.</summary>
    public long Unknown => Interlocked.Read(ref _unknown);

    /// <summary>Sends that met no queue.</summary>
    public long Unrouted => Interlocked.Read(ref _unrouted);

    /// <summary>Events that were handed over.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>How often reading was opened.</summary>
    public long Openings => Interlocked.Read(ref _openings);

    /// <summary>How often a lane was taken away.</summary>
    public long Closed => Interlocked.Read(ref _closed);

    /// <summary>Why the newest send failed.</summary>
    public string? Reason { get; private set; }

    public string Carrier => inner.Carrier;

    public TransportAbilities Abilities => inner.Abilities;

    public IStateRequests? Requests => inner.Requests;

    /// <summary>What the host sends through, as the carrier opened it last.</summary>
    public ITransportSender? Opened { get; private set; }

    /// <summary>What the host reads through, as the carrier opened it last.</summary>
    public ITransportReceiver? Reading { get; private set; }

    public async ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct) =>
        new Sender(this, Opened = await inner.OpenSenderAsync(options, ct));

    public async ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct)
    {
        var receiver = await inner.OpenReceiverAsync(options, ct);
        Interlocked.Increment(ref _openings);
        Reading = receiver;
        return new Receiver(this, receiver);
    }

    public ValueTask DisposeAsync() => inner is IAsyncDisposable disposable ? disposable.DisposeAsync() : ValueTask.CompletedTask;

    private void Count(SendOutcome outcome)
    {
        if (outcome.Result == SendResult.Confirmed)
            Interlocked.Increment(ref outcome.IsUnrouted ? ref _unrouted : ref _confirmed);
        if (outcome.Result is SendResult.Confirmed or SendResult.Refused)
            return;
        Interlocked.Increment(ref outcome.Result == SendResult.Failed ? ref _failed : ref _unknown);
        Reason = outcome.Reason;
    }

    private sealed class Sender(CountedTransport counted, ITransportSender inner) : ITransportSender
    {
        public async ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct)
        {
            try
            {
                var outcomes = await inner.SendAsync(events, ct);
                foreach (var outcome in outcomes)
                    counted.Count(outcome);
                return outcomes;
            }
            // The relay waits no longer: what became of them is not known.
            catch (OperationCanceledException)
            {
                Interlocked.Add(ref counted._unknown, events.Count);
                throw;
            }
        }

        public ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
            inner.ReadEndsAsync(lanes, ct);

        public ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct) => inner.SendHeartbeatAsync(heartbeat, ct);

        public ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
            inner.ReadMarksAsync(lanes, ct);

        public ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct) =>
            inner.ReadBackAsync(lane, from, end, ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Receiver(CountedTransport counted, ITransportReceiver inner) : ITransportReceiver
    {
        public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
        {
            var delivery = await inner.ReceiveAsync(maxEvents, ct);
            Interlocked.Add(ref counted._received, delivery.Batches.Sum(b => b.Events.Count));
            Interlocked.Add(ref counted._closed, delivery.Closed.Count);
            return delivery;
        }

        public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct) => inner.SeekAsync(lane, position, ct);

        public ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct) => inner.AcknowledgeAsync(delivery, ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
