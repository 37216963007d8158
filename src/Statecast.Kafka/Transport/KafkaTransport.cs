using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Outbox;
using Statecast.Serialization.Avro.Registry;
using Statecast.Transport;

namespace Statecast.Kafka.Transport;

/// <summary>
/// Apache Kafka: a compacted topic per destination, a partition per lane, and a control topic beside it. Retained; brokers append whatever arrives, so a
/// source reads back what it did not send itself and mends what that buried.
/// </summary>
public sealed class KafkaTransport : ITransport, IAsyncDisposable
{
    /// <summary>The carrier's name.</summary>
    public const string CarrierName = "kafka";

    private readonly KafkaOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly KafkaClients _clients;
    private readonly Lazy<KafkaTopics> _topics;
    private readonly KafkaBodies _bodies;
    private readonly TimeSpan _heartbeats;

    /// <summary>A carrier over some brokers; nothing is connected before a side is opened.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="relay">The relay's settings, which the delivery time-out and the compaction lag must fit; null for the defaults.</param>
    /// <param name="schemas">The schemas of the registry that the options name; null where they name none.</param>
    /// <param name="clock">Null for the machine's.</param>
    /// <param name="logger">Null for none.</param>
    /// <exception cref="TransportException">A setting is out of range, or does not fit the relay's.</exception>
    public KafkaTransport(
        KafkaOptions options,
        RelayOptions? relay = null,
        RegisteredSchemas? schemas = null,
        TimeProvider? clock = null,
        ILogger<KafkaTransport>? logger = null
    )
    {
        relay ??= new();
        if ((options.FindProblem() ?? FindProblem(options, relay)) is { } problem)
            throw new TransportException($"The Kafka carrier cannot be used. {problem}");
        _options = options;
        _clock = clock ?? TimeProvider.System;
        _logger = logger ?? NullLogger<KafkaTransport>.Instance;
        _clients = new(options, options.DeliveryTimeout ?? relay.DeliveryTimeout, _clock, _logger);
        _bodies = new(schemas);
        _heartbeats = relay.HeartbeatInterval;
        Abilities = new()
        {
            Retained = true,
            ConditionalAppend = false,
            RequestChannel = false,
            DefaultLanes = 8,
            SharesLanes = true,
            // Eight partitions, each with a few batches of the client on their way.
            InFlightEvents = 10_000,
            DefaultCodec = options.Codec ?? (schemas is null ? "json" : "avro"),
        };
        _topics = new(() => new(_clients, _clock, _logger));
    }

    /// <inheritdoc/>
    public string Carrier => CarrierName;

    /// <inheritdoc/>
    public TransportAbilities Abilities { get; }

    /// <inheritdoc/>
    public async ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct) =>
        await KafkaSender.OpenAsync(options, _topics.Value, _clients, _bodies, _logger, ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct) =>
        await KafkaReceiver
            .OpenAsync(options, _clients, _bodies, new(options.Contract.Destination, _topics.Value, _options, _clock, _logger), _logger, ct)
            .ConfigureAwait(false);

    /// <summary>
    /// Removes a destination's topic and makes it anew with another number of lanes: a new topic, which the source fills when it starts again with that number as
    /// its publication's <c>Lanes</c>, and which targets notice and follow. Its control topic stays. Until the source has sent everything again, new targets see a part.
    /// </summary>
    /// <param name="destination">The destination, <c>&lt;contract&gt;.v&lt;major&gt;</c>.</param>
    /// <param name="lanes">Its partitions from now on; at least 1.</param>
    /// <param name="ct">Ends it. Called again, it goes on where it was ended.</param>
    /// <exception cref="TransportException">The source still speaks, which is listened for during three of its heartbeats' intervals; or the brokers refuse.</exception>
    public async ValueTask RemakeAsync(string destination, int lanes, CancellationToken ct = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(destination);
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1);
        await _topics.Value.RemakeAsync(destination, lanes, 3 * _heartbeats, ct).ConfigureAwait(false);
    }

    /// <summary>Closes the connections for topics; senders and receivers are disposed by who opened them.</summary>
    public ValueTask DisposeAsync()
    {
        if (_topics.IsValueCreated)
            _topics.Value.Dispose();
        return ValueTask.CompletedTask;
    }

    // Protocol section 5: nothing may land later than the lease reckons with, and what landed late is usually mended before compaction takes what it buried. Where it
    // is not, targets meet gaps (docs/adr/0010), which one that keeps up would do all the time with a shorter lag.
    private static string? FindProblem(KafkaOptions options, RelayOptions relay)
    {
        if (options.DeliveryTimeout > relay.DeliveryTimeout)
            return $"DeliveryTimeout is {options.DeliveryTimeout}, above the relay's {relay.DeliveryTimeout}: leave it out, or raise Relay:DeliveryTimeout.";
        return options.MinCompactionLag <= 2 * relay.HeartbeatInterval
            ? $"MinCompactionLag is {options.MinCompactionLag}; it must be more than twice Relay:HeartbeatInterval, which is {relay.HeartbeatInterval}."
            : null;
    }
}
