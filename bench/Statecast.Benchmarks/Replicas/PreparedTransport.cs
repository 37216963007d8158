using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Benchmarks.Replicas;

/// <summary>A carrier that hands prepared events over as fast as the target takes them, and knows when the last of them is in the replica.</summary>
/// <param name="events">The events.</param>
/// <param name="arriving">The most that has arrived whenever the target asks: a steady stream; <see cref="int.MaxValue"/> for a backlog.</param>
internal sealed class PreparedTransport(ReplicaEvents events, int arriving) : ITransport, ITransportReceiver
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begin = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _longest = events.LongestBody;
    private long _maxBytes = long.MaxValue;
    private int _next;
    private bool _opened;

    public string Carrier => "prepared";

    public TransportAbilities Abilities { get; } =
        new()
        {
            Retained = true,
            ConditionalAppend = true,
            RequestChannel = false,
            DefaultLanes = 1,
        };

    /// <summary>The target asks for its first events.</summary>
    public Task Ready => _begun.Task;

    /// <summary>Lets the events go; ends when the last is in the replica for good.</summary>
    public Task RunAsync()
    {
        _begin.SetResult();
        return _done.Task;
    }

    public ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct) => throw new NotSupportedException();

    public ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct)
    {
        _maxBytes = options.MaxBytes;
        return new(this);
    }

    public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
    {
        if (!_opened)
        {
            _opened = true;
            return new() { Opened = [new(events.Lane, 1, events.Events.Length)] };
        }
        _begun.TrySetResult();
        await _begin.Task.WaitAsync(ct);
        if (_next == events.Events.Length)
            await Task.Delay(Timeout.Infinite, ct);
        var count = Fit(Math.Min(Math.Min(maxEvents, arriving), events.Events.Length - _next));
        var batch = new ArraySegment<ReceivedEvent>(events.Events, _next, count);
        _next += count;
        // The stream's end is the tail; before, a steady stream finds it at every read.
        var atTail = _next == events.Events.Length || arriving < int.MaxValue;
        return new() { Batches = [new(events.Lane, batch, _next, atTail)] };
    }

    // As every carrier does: a delivery ends with the event that reaches the target's bound.
    private int Fit(int count)
    {
        if (count * _longest < _maxBytes)
            return count;
        var (fits, bytes) = (0, 0L);
        while (fits < count && bytes < _maxBytes)
            bytes += events.Events[_next + fits++].Event!.Body.Length;
        return fits;
    }

    public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct)
    {
        if (delivery.Batches.Count > 0 && delivery.Batches[^1].Next == events.Events.Length)
            _done.TrySetResult();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
