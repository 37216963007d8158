using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>News of lanes, for the target.</summary>
/// <param name="Closed">Lanes that are read no more.</param>
/// <param name="Opened">Lanes that are read from now on.</param>
internal sealed record RabbitLaneNews(IReadOnlyList<LaneId> Closed, IReadOnlyList<LaneOpened> Opened);

/// <summary>
/// Opens a target's lanes and keeps them open: finds out how many there are, declares and binds their queues, reads them, and makes anew what was removed.
/// Of several instances that share the queues one reads, all lanes; the others wait for it to go.
/// </summary>
internal sealed class RabbitLanes
{
    private const ushort Locked = 405;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ReceiverOptions _options;
    private readonly RabbitParts _parts;
    private readonly IConnection _connection;
    private readonly RabbitTargetNames _names;
    private readonly ChannelWriter<object> _inbox;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly string _hearingQueue;
    private readonly RabbitLeftLanes _left;
    private readonly RabbitVoice _voice;

    // By lane: those that are read, also of lanes that went. For the loop alone.
    private readonly Dictionary<int, RabbitConsumer> _read = [];
    private volatile RabbitLanesWord? _word;
    private volatile int _count;
    private volatile bool _isAskedForQueues;

    // The last queue whose reading the broker ended.
    private volatile string? _ended;
    private IChannel? _channel;

    public RabbitLanes(ReceiverOptions options, RabbitParts parts, IConnection connection, ChannelWriter<object> inbox)
    {
        (_options, _parts, _connection, _inbox) = (options, parts, connection, inbox);
        _names = new RabbitNames(options.Contract.Destination).Of(options.Target, options.Instance);
        _hearingQueue = $"{_names.Prefix}.hearing-{parts.Surroundings.Entropy.NextGuid():N}";
        _left = new(parts, connection, _names, inbox);
        _voice = new(parts, _names.Of);
    }

    /// <summary>Works until it is cancelled, or fails: then the inbox ends with the reason.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            if (_options is { InMemory: false, Store: { } store })
                await _parts.Topology.ClaimStoreAsync(_connection, _names, store, ct).ConfigureAwait(false);
            await HoldAsync(ct).ConfigureAwait(false);
            await ListenAsync(ct).ConfigureAwait(false);
            var lanes = await FindCountAsync(ct).ConfigureAwait(false);
            await _parts.Topology.DeclareTargetAsync(_connection, _names, _options.InMemory, ct).ConfigureAwait(false);
            _channel = await OpenChannelAsync(ct).ConfigureAwait(false);
            await OpenAsync(lanes, ct).ConfigureAwait(false);
            while (true)
            {
                await WaitAsync(ct).ConfigureAwait(false);
                await LookAsync(ct).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            _inbox.TryComplete();
        }
        catch (Exception e)
        {
            _inbox.TryComplete(RabbitFaults.IsExpected(e) ? Explain(e) : e);
        }
        await _voice.SilenceAsync().ConfigureAwait(false);
    }

    /// <summary>Acknowledges everything up to a message. What the connection lost is delivered again, and is no news then.</summary>
    public async Task AcknowledgeAsync(ulong upTo, CancellationToken ct)
    {
        try
        {
            await _channel!.BasicAckAsync(upTo, multiple: true, ct).ConfigureAwait(false);
            if (_left.Acknowledged(upTo))
                Wake();
        }
        catch (Exception e) when (RabbitFaults.IsExpected(e) && !ct.IsCancellationRequested)
        {
            // The receive says why.
        }
    }

    /// <summary>Has everything looked at soon.</summary>
    public void Wake()
    {
        // One too many looks once more.
        if (_wake.CurrentCount == 0)
            _wake.Release();
    }

    private TransportException Explain(Exception e) => _parts.Connections.Faults.Explain(e, $"reading '{_names.Prefix}'");

    // A queue that one connection alone may have is held as long as this one reads.
    private async Task HoldAsync(CancellationToken ct)
    {
        for (var waited = false; ; waited = true)
        {
            await using var channel = await _connection.CreateChannelAsync(cancellationToken: ct).ConfigureAwait(false);
            try
            {
                await channel
                    .QueueDeclareAsync($"{_names.Prefix}.reader", durable: false, exclusive: true, autoDelete: false, cancellationToken: ct)
                    .ConfigureAwait(false);
            }
            catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Locked)
            {
                if (!waited)
                    LogMessages.StandingBy(_parts.Surroundings.Logger, _names.Prefix);
                await Task.Delay(Pause, _parts.Surroundings.Clock, ct).ConfigureAwait(false);
                continue;
            }
            if (waited)
                throw new TransportException(
                    $"The instance of '{_options.Target}' that read '{_options.Contract.Destination}' is gone; this one begins anew, on what the replica's store holds by now."
                );
            return;
        }
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        while (true)
            try
            {
                await _parts.Topology.DeclareControlAsync(_connection, _names.Of, ct).ConfigureAwait(false);
                await _parts
                    .Topology.DeclareHearingAsync(_connection, _hearingQueue, [(_names.Of.Control, RabbitNames.LanesKey)], ct)
                    .ConfigureAwait(false);
                var channel = await _connection.CreateChannelAsync(cancellationToken: ct).ConfigureAwait(false);
                var consumer = new AsyncEventingBasicConsumer(channel);
                consumer.ReceivedAsync += HearAsync;
                await channel.BasicConsumeAsync(_hearingQueue, autoAck: true, consumer, ct).ConfigureAwait(false);
                return;
            }
            // Who may make no exchanges waits for the source to make them.
            catch (TransportException e)
                when (e.InnerException is OperationInterruptedException { ShutdownReason.ReplyCode: 403 or 404 } && _connection.IsOpen)
            {
                LogMessages.SourceMissing(_parts.Surroundings.Logger, _names.Of.Destination, e.Message);
                await Task.Delay(_parts.Options.TopologyLookInterval, _parts.Surroundings.Clock, ct).ConfigureAwait(false);
            }
    }

    private Task HearAsync(object sender, BasicDeliverEventArgs e)
    {
        try
        {
            if (JsonSerializer.Deserialize(e.Body.Span, RabbitJson.Default.RabbitLanesWord) is { Lanes: > 0 and <= 4_096 } word)
            {
                _word = word;
                _isAskedForQueues |= word.Queues;
            }
        }
        catch (JsonException error)
        {
            LogMessages.BadControl(_parts.Surroundings.Logger, _names.Of.Control, error.Message);
        }
        Wake();
        return Task.CompletedTask;
    }

    // Queues that are there tell it without the source. Else the source is asked until it answers.
    private async Task<int> FindCountAsync(CancellationToken ct)
    {
        var own = 0;
        while (await _parts.Topology.FindAsync(_connection, _names.Queue(own), ct).ConfigureAwait(false) is not null)
            own++;
        _voice.Say(RabbitNames.HelloKey, [], ct);
        while (own == 0 && _word is null)
        {
            await WaitAsync(ct).ConfigureAwait(false);
            // The answer comes by this connection, and nothing is asked of the broker over it meanwhile.
            if (!_connection.IsOpen)
                throw new TransportException(
                    _parts.Connections.Faults.Text(_connection.CloseReason!, $"waiting for the source of '{_names.Of.Destination}'")
                );
            if (_word is null)
                _voice.Say(RabbitNames.HelloKey, [], ct);
        }
        return own > 0 ? own : _word!.Lanes;
    }

    private async Task<IChannel> OpenChannelAsync(CancellationToken ct)
    {
        var channel = await _connection.CreateChannelAsync(cancellationToken: ct).ConfigureAwait(false);
        channel.ChannelShutdownAsync += (_, e) =>
        {
            _inbox.TryComplete(new TransportException(_parts.Connections.Faults.Text(e, $"reading '{_names.Prefix}'")));
            return Task.CompletedTask;
        };
        return channel;
    }

    // Lanes that came, or went, as the source says.
    private async Task OpenAsync(int lanes, CancellationToken ct)
    {
        await _parts.Topology.DeclareExchangeAsync(_connection, _names.Of, ct).ConfigureAwait(false);
        var opened = new List<LaneOpened>();
        if (lanes < _count)
            _left.Expect();
        _count = lanes;
        // One that went and came again may still be read.
        var missing = Enumerable.Range(0, lanes).Where(l => !_read.TryGetValue(l, out var consumer) || consumer.Over.IsCompleted).ToList();
        foreach (var lane in missing)
        {
            _left.Return(lane);
            opened.Add(await DeclareAsync(lane, ct).ConfigureAwait(false));
        }
        // At each opening: who was killed behind the first declaration said nothing of it.
        SayQueues(ct);
        // Before the first message: what comes from a lane that is not open is not counted.
        _inbox.TryWrite(new RabbitLaneNews([], opened));
        foreach (var lane in missing)
            await ConsumeAsync(lane, ct).ConfigureAwait(false);
    }

    private void SayQueues(CancellationToken ct)
    {
        _isAskedForQueues = false;
        if (_options.InMemory)
            return;
        var word = new RabbitTargetWord(_options.Target, [.. Enumerable.Range(0, _count).Select(_names.Queue)]);
        _voice.Say(RabbitNames.TargetKey, JsonSerializer.SerializeToUtf8Bytes(word, RabbitJson.Default.RabbitTargetWord), ct);
    }

    private async Task<LaneOpened> DeclareAsync(int lane, CancellationToken ct)
    {
        var isNew = await _parts.Topology.DeclareLaneAsync(_connection, _names, lane, _options.InMemory, ct).ConfigureAwait(false);
        // Nothing outlives a replica in memory: whatever its queue held, it begins with nothing.
        return new(IdOf(lane), 0, 0) { ReplyTo = _names.Queue(lane), IsNew = isNew || _options.InMemory };
    }

    private async Task ConsumeAsync(int lane, CancellationToken ct)
    {
        var queue = _names.Queue(lane);
        // Of each consumer: quorum queues know no common one.
        var prefetch = (ushort)Math.Max(1, _parts.Options.Prefetch / _count);
        await _channel!.BasicQosAsync(0, prefetch, global: false, ct).ConfigureAwait(false);
        var consumer = new RabbitConsumer(_channel!, lane, queue, _inbox)
        {
            Ended = () => Ended(lane),
            Since = _parts.Surroundings.Clock.GetTimestamp(),
        };
        consumer.Tag = await _channel!.BasicConsumeAsync(queue, autoAck: false, consumer, ct).ConfigureAwait(false);
        _read[lane] = consumer;
    }

    private void Ended(int lane)
    {
        // Of lanes that went nothing more is awaited.
        if (lane >= _count)
            return;
        _ended = _names.Queue(lane);
        Wake();
    }

    private async Task WaitAsync(CancellationToken ct)
    {
        using var due = new CancellationTokenSource(_parts.Options.TopologyLookInterval, _parts.Surroundings.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, due.Token);
        try
        {
            await _wake.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Nothing points to it: it is looked at all the same.
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        if (_word is { } word && word.Lanes != _count)
        {
            LogMessages.OtherLanes(_parts.Surroundings.Logger, _names.Of.Destination, _count, word.Lanes);
            await OpenAsync(word.Lanes, ct).ConfigureAwait(false);
        }
        if (_isAskedForQueues)
            SayQueues(ct);
        _voice.SayAgain(ct);
        await _left.LookAsync(_channel!, _read, _count, ct).ConfigureAwait(false);
        var cutOff = await MakeExchangeAsync(ct).ConfigureAwait(false);
        await _parts.Topology.DeclareTargetAsync(_connection, _names, _options.InMemory, ct).ConfigureAwait(false);
        for (var lane = 0; lane < _count; lane++)
        {
            await DemandQueueAsync(_names.Queue(lane), ct).ConfigureAwait(false);
            try
            {
                // Never declared here: one removed since would come back and be taken for the old one.
                await _parts.Topology.BindLaneAsync(_connection, _names, lane, ct).ConfigureAwait(false);
            }
            catch (TransportException)
            {
                await DemandQueueAsync(_names.Queue(lane), ct).ConfigureAwait(false);
                if (!await MakeExchangeAsync(ct).ConfigureAwait(false))
                    throw;
                // It went between the look for it and the binding: all lanes are bound to the new one.
                cutOff = true;
                lane = -1;
            }
        }
        if (_ended is { } queue)
            throw new TransportException(
                $"The broker ended the reading of '{queue}', which is there: its node went, or others removed it and made it anew. It is read over a fresh connection; what it lost is asked for once the numbers show it."
            );
        if (!cutOff)
            return;
        LaneOpened[] again =
        [
            .. Enumerable.Range(0, _count).Select(n => new LaneOpened(IdOf(n), 0, 0) { ReplyTo = _names.Queue(n), IsNew = true }),
        ];
        _inbox.TryWrite(new RabbitLaneNews([.. again.Select(o => o.Lane)], again));
    }

    // An exchange that is gone took the bindings along: what was sent since is lost, and nobody says so. Says whether it was gone.
    private async Task<bool> MakeExchangeAsync(CancellationToken ct)
    {
        if (await _parts.Topology.HasExchangeAsync(_connection, _names.Of.Destination, ct).ConfigureAwait(false))
            return false;
        await _parts.Topology.DeclareExchangeAsync(_connection, _names.Of, ct).ConfigureAwait(false);
        return true;
    }

    // A channel that read a queue which was removed may never be given anything of the one that takes its place (3.10 keeps what it knew of the old one): all is read
    // over a fresh connection, by a receiver that finds no queue, and reports the one that it makes as new.
    private async Task DemandQueueAsync(string queue, CancellationToken ct)
    {
        if (await _parts.Topology.FindAsync(_connection, queue, ct).ConfigureAwait(false) is not null)
            return;
        LogMessages.QueueRemoved(_parts.Surroundings.Logger, queue);
        throw new TransportException(
            $"The queue '{queue}' was removed. It is made anew over a fresh connection, and everything is asked for: what it held is lost to this target."
        );
    }

    private LaneId IdOf(int lane) => new(_names.Of.Destination, lane);
}
