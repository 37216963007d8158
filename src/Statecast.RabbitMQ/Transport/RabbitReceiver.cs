using System.Threading.Channels;
using RabbitMQ.Client;
using Statecast.Events;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// A target's side of a destination. What its queues bring waits in an inbox that the broker's prefetch bounds, and is acknowledged once it is in the replica.
/// A connection that is lost ends it: who opened it opens another, on what is stored by then.
/// </summary>
internal sealed class RabbitReceiver : ITransportReceiver
{
    /// <summary>The type of a message that is the source's word.</summary>
    public const string HeartbeatType = "statecast.heartbeat";

    // Who sends under ever other names is told of so often.
    private const int MostIntruders = 100;

    private readonly ReceiverOptions _options;
    private readonly RabbitParts _parts;
    private readonly IConnection _connection;
    private readonly Channel<object> _inbox = System.Threading.Channels.Channel.CreateUnbounded<object>(new() { SingleReader = true });
    private readonly RabbitLanes _lanes;
    private readonly RabbitWords _words;
    private readonly CloudEventRepeats _repeats = new();
    private readonly HashSet<string> _intruders = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _keeping;
    private RabbitDelivery? _unread;
    private bool _disposed;

    private RabbitReceiver(ReceiverOptions options, RabbitParts parts, IConnection connection)
    {
        (_options, _parts, _connection) = (options, parts, connection);
        _words = new(options.Contract.Destination, parts.Surroundings.Logger);
        _lanes = new(options, parts, connection, _inbox.Writer);
        _keeping = _lanes.RunAsync(_closing.Token);
    }

    public static async Task<RabbitReceiver> OpenAsync(ReceiverOptions options, RabbitParts parts, CancellationToken ct)
    {
        if (options is { InMemory: true, Instance: null })
            throw new TransportException(
                $"The replica of '{options.Contract.Destination}' is kept in memory, and the queues of '{options.Target}' are shared by all its instances: each would get a part. "
                    + "Give the instance queues of its own with .Instance(\"name\"), another name in each; or keep the replica in a store that the instances share."
            );
        if (options.Shared)
            throw new TransportException(
                $"The replica of '{options.Contract.Destination}' is shared, and on RabbitMQ an instance reads all lanes or none: leave out .Shared()."
            );
        parts.Bodies.Add(options.Contract);
        var who = options.Instance is null ? options.Target : $"{options.Target} {options.Instance}";
        return new(
            options,
            parts,
            await parts.Connections.ConnectAsync($"{who} reads {options.Contract.Destination}", ct).ConfigureAwait(false)
        );
    }

    /// <summary>For tests that break the connection.</summary>
    internal IConnection Connection => _connection;

    public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxEvents);
        // Half of what the broker sends ahead: the other half arrives while this one is applied.
        var most = Math.Min(maxEvents, Math.Max(1, _parts.Options.Prefetch / 2));
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_disposed, this);
            var gathered = Gather(most);
            if (gathered.ToDelivery() is { } delivery)
                return delivery;
            if (gathered.LastTag is { } nothingNew)
                await _lanes.AcknowledgeAsync(nothingNew, ct).ConfigureAwait(false);
            if (_unread is { } unread)
            {
                // While the registry cannot tell, the lane waits; past its patience the receive fails with the reason.
                await _parts.Messages.AskAsync(unread, ct).ConfigureAwait(false);
                _unread = null;
            }
            else if (!await _inbox.Reader.WaitToReadAsync(ct).ConfigureAwait(false))
                ObjectDisposedException.ThrowIf(true, this);
        }
    }

    public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct) => ValueTask.CompletedTask;

    public async ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct)
    {
        if (delivery.Handle is ulong upTo)
            await _lanes.AcknowledgeAsync(upTo, ct).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _closing.CancelAsync().ConfigureAwait(false);
        // With the channel, not the consumer alone: what is not acknowledged goes back at once, and before anything newer goes to another reader.
        await RabbitConnections.AbandonAsync(_connection).ConfigureAwait(false);
        await _keeping.ConfigureAwait(false);
        _closing.Dispose();
    }

    private RabbitGathered Gather(int maxEvents)
    {
        var gathered = new RabbitGathered(_options.Contract.Destination);
        while (!gathered.IsFull(maxEvents, _options.MaxBytes) && _inbox.Reader.TryPeek(out var item))
        {
            if (item is RabbitLaneNews news)
            {
                // What came before is processed before.
                if (gathered.LastTag is not null)
                    break;
                gathered.Add(news);
                _words.Take(news);
            }
            else if (!Take((RabbitDelivery)item, gathered))
                break;
            _inbox.Reader.TryRead(out _);
        }
        return gathered;
    }

    /// <summary>Takes a message.</summary>
    /// <returns>Whether it was taken.</returns>
    private bool Take(RabbitDelivery message, RabbitGathered gathered)
    {
        if (gathered.HasNews)
            return false;
        switch (message.Properties.Type)
        {
            case HeartbeatType:
                gathered.Passed(message);
                if (_words.Take(message) is { } word)
                    gathered.Add(word);
                return true;
            case RabbitRouting.ProbeType:
                gathered.Passed(message);
                return true;
        }
        var lane = new LaneId(_options.Contract.Destination, message.Lane);
        if (!_parts.Messages.TryRead(message, lane, _options.Contract.Name, _repeats, out var received))
        {
            _unread = message;
            return false;
        }
        gathered.Add(message, Judge(message, received));
        return true;
    }

    private ReceivedEvent Judge(RabbitDelivery message, ReceivedEvent received)
    {
        // A target that was Live knows its source.
        var owner = _options.Source ?? _words.Source;
        if (owner is null || received.Event is not { } e || e.Source == owner)
            return received;
        var destination = _options.Contract.Destination;
        if (_intruders.Count < MostIntruders && _intruders.Add(e.Source))
            LogMessages.SecondSource(_parts.Surroundings.Logger, e.Source, destination, owner);
        return RabbitMessage.Refuse(
            message,
            e.Key,
            $"'{e.Source}' publishes '{destination}' too, which belongs to source '{owner}': two services must not publish one contract."
        );
    }
}
