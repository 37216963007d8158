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
    private long _closedOpen;
    private long _open;

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

    /// <summary>How often a lane was taken away while events of it were received and not in the replica yet.</summary>
    public long ClosedOpen => Interlocked.Read(ref _closedOpen);

    /// <summary>Events that were received and are not in the replica yet.</summary>
    public long Open => Interlocked.Read(ref _open);

    /// <summary>
    /// Whether receives go on while a batch is open, until a lane is taken away. The apply loop asks one delivery ahead, which any record or heartbeat ends: while its
    /// store is slow it hears of no rebalance, and by the time it does, that batch is committed.
    /// </summary>
    public bool ReadsOn { get; set; }

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
        // Guarded by itself: a delivery is acknowledged while the next is received.
        private readonly HashSet<Delivery> _unacknowledged = [];
        private readonly Queue<Delivery> _ahead = [];

        public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
        {
            if (_ahead.TryDequeue(out var next))
                return next;
            var delivery = await TakeAsync(maxEvents, ct);
            while (counted.ReadsOn && delivery.Closed.Count == 0 && counted.Open > EventsOf(delivery))
            {
                _ahead.Enqueue(delivery);
                delivery = await TakeAsync(maxEvents, ct);
            }
            _ahead.Enqueue(delivery);
            return _ahead.Dequeue();
        }

        public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct) => inner.SeekAsync(lane, position, ct);

        public async ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct)
        {
            await inner.AcknowledgeAsync(delivery, ct);
            lock (_unacknowledged)
                if (_unacknowledged.Remove(delivery))
                    Interlocked.Add(ref counted._open, -EventsOf(delivery));
        }

        public async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            lock (_unacknowledged)
                Interlocked.Add(ref counted._open, -_unacknowledged.Sum(EventsOf));
        }

        private async Task<Delivery> TakeAsync(int maxEvents, CancellationToken ct)
        {
            var delivery = await inner.ReceiveAsync(maxEvents, ct);
            lock (_unacknowledged)
            {
                var open = _unacknowledged.SelectMany(d => d.Batches).Where(b => b.Events.Count > 0).Select(b => b.Lane).ToHashSet();
                Interlocked.Add(ref counted._closedOpen, delivery.Closed.Count(open.Contains));
                _unacknowledged.Add(delivery);
            }
            Interlocked.Add(ref counted._received, EventsOf(delivery));
            Interlocked.Add(ref counted._open, EventsOf(delivery));
            Interlocked.Add(ref counted._closed, delivery.Closed.Count);
            return delivery;
        }

        private static int EventsOf(Delivery delivery) => delivery.Batches.Sum(b => b.Events.Count);
    }
}
