using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Statecast.Hosting;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>Requests by <c>&lt;destination&gt;.requests</c>. What is handed over stays in the queue until the next is asked for.</summary>
/// <param name="parts">What is shared.</param>
internal sealed class RabbitRequests(RabbitParts parts) : IStateRequests, IAsyncDisposable
{
    // A source that starts together with its target has made its queue by then.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, Desk> _desks = new(StringComparer.Ordinal);

    public async ValueTask AskAsync(StateRequest request, CancellationToken ct)
    {
        var names = new RabbitNames(request.Destination);
        var body = StateRequestJson.Write(request);
        var began = parts.Surroundings.Clock.GetTimestamp();
        while (true)
        {
            var outcome = (await parts.Asks.PublishAsync([Message(names, body)], null, ct).ConfigureAwait(false))[0];
            if (outcome.Answer == RabbitAnswer.Confirmed)
                return;
            if (outcome.Answer is not (RabbitAnswer.Unrouted or RabbitAnswer.Barred))
                throw new TransportException(outcome.Reason ?? $"A request to '{names.Requests}' was not confirmed.");
            if (parts.Surroundings.Clock.GetElapsedTime(began) >= Patience)
            {
                // It is asked again: there is nobody yet.
                LogMessages.NobodyToAsk(parts.Surroundings.Logger, names.Destination, outcome.Reason ?? "no source has made its queue.");
                return;
            }
            await Task.Delay(Pause, parts.Surroundings.Clock, ct).ConfigureAwait(false);
        }
    }

    public async ValueTask<StateRequest> ReceiveAsync(string destination, CancellationToken ct)
    {
        var desk = _desks.GetOrAdd(destination, static (d, self) => new(self, new(d)), parts);
        try
        {
            return await desk.NextAsync(ct).ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is TransportException or ChannelClosedException || (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested))
        {
            // The next asks over a fresh connection; what was not acknowledged is there again.
            if (_desks.TryRemove(new(destination, desk)))
                await desk.DisposeAsync().ConfigureAwait(false);
            // Whoever waits for what arrives is told in a wrapping of the channel's own.
            throw parts.Connections.Faults.Explain(
                e is ChannelClosedException { InnerException: { } ended } ? ended : e,
                $"reading requests from '{desk.Queue}'"
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var desk in _desks.Values)
            await desk.DisposeAsync().ConfigureAwait(false);
        await parts.Asks.DisposeAsync().ConfigureAwait(false);
    }

    private RabbitPublish Message(RabbitNames names, byte[] body) =>
        new(
            names.Asks,
            RabbitNames.RequestKey,
            new()
            {
                MessageId = parts.Surroundings.Entropy.NextGuid().ToString(),
                ContentType = "application/json",
                DeliveryMode = DeliveryModes.Persistent,
            },
            body
        );

    /// <summary>Where one destination's requests arrive.</summary>
    private sealed class Desk(RabbitParts parts, RabbitNames names) : IAsyncDisposable
    {
        private readonly Channel<(ulong Tag, byte[] Body)> _arrived = Channel.CreateUnbounded<(ulong, byte[])>();
        private IConnection? _connection;
        private IChannel? _channel;
        private ulong? _handedOver;

        public string Queue => names.Requests;

        public async Task<StateRequest> NextAsync(CancellationToken ct)
        {
            var channel = _channel ??= await OpenAsync(ct).ConfigureAwait(false);
            while (true)
            {
                if (_handedOver is { } done)
                {
                    await channel.BasicAckAsync(done, multiple: false, ct).ConfigureAwait(false);
                    _handedOver = null;
                }
                var (tag, body) = await _arrived.Reader.ReadAsync(ct).ConfigureAwait(false);
                _handedOver = tag;
                try
                {
                    var request = StateRequestJson.Read(body);
                    if (request.Destination == names.Destination && (request.ReplyTo is null || names.MayBeReplyQueue(request.ReplyTo)))
                        return request;
                    LogMessages.BadControl(
                        parts.Surroundings.Logger,
                        Queue,
                        $"it asks for '{request.Destination}', to be answered in '{request.ReplyTo}'."
                    );
                }
                catch (FormatException e)
                {
                    LogMessages.BadControl(parts.Surroundings.Logger, Queue, e.Message);
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_connection is { } connection)
                await RabbitConnections.AbandonAsync(connection).ConfigureAwait(false);
        }

        private async Task<IChannel> OpenAsync(CancellationToken ct)
        {
            _connection = await parts.Connections.ConnectAsync($"hears requests to {names.Destination}", ct).ConfigureAwait(false);
            await parts.Topology.DeclareSourceAsync(_connection, names, ct).ConfigureAwait(false);
            var channel = await _connection.CreateChannelAsync(cancellationToken: ct).ConfigureAwait(false);
            await channel.BasicQosAsync(0, 1, global: false, ct).ConfigureAwait(false);
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += (_, e) => _arrived.Writer.WriteAsync((e.DeliveryTag, e.Body.ToArray())).AsTask();
            consumer.UnregisteredAsync += (_, _) => End("its queue was removed");
            channel.ChannelShutdownAsync += (_, e) => End(e.ReplyText);
            await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, ct).ConfigureAwait(false);
            return channel;
        }

        private Task End(string why)
        {
            _arrived.Writer.TryComplete(
                new TransportException($"No requests to '{names.Destination}' are heard now: {why}. It is tried again.")
            );
            return Task.CompletedTask;
        }
    }
}
