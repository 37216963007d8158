using Statecast.Outbox;
using Statecast.Serialization.Avro.Registry;
using Statecast.Transport;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// RabbitMQ: an exchange per destination, a quorum queue per target and lane. Nothing is kept for who comes later: a target asks the source, by message.
/// </summary>
public sealed class RabbitMQTransport : ITransport, IAsyncDisposable
{
    /// <summary>The carrier's name.</summary>
    public const string CarrierName = "rabbitmq";

    private readonly RabbitParts _parts;
    private readonly RabbitRequests _requests;

    /// <summary>A carrier over a broker; nothing is connected before a side is opened.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="relay">The relay's settings, which the delivery time-out must fit; null for the defaults.</param>
    /// <param name="schemas">The schemas of the registry that the options name; null where they name none.</param>
    /// <param name="surroundings">Clock, randomness and log; null for the machine's, and no log.</param>
    /// <exception cref="TransportException">A setting is out of range, or does not fit the relay's.</exception>
    public RabbitMQTransport(
        RabbitMQOptions options,
        RelayOptions? relay = null,
        RegisteredSchemas? schemas = null,
        RabbitMQSurroundings? surroundings = null
    )
    {
        relay ??= new();
        surroundings ??= new();
        if ((options.FindProblem() ?? FindProblem(options, relay)) is { } problem)
            throw new TransportException($"The RabbitMQ carrier cannot be used. {problem}");
        var connections = new RabbitConnections(options, surroundings.Logger);
        _parts = new(
            options,
            connections,
            new(options, connections.Faults),
            new(schemas),
            options.DeliveryTimeout ?? relay.DeliveryTimeout,
            surroundings
        );
        _requests = new(_parts);
        Abilities = new()
        {
            Retained = false,
            ConditionalAppend = false,
            RequestChannel = true,
            Patches = true,
            DefaultLanes = 1,
            DefaultCodec = options.Codec ?? (schemas is null ? "json" : "avro"),
        };
    }

    /// <inheritdoc/>
    public string Carrier => CarrierName;

    /// <inheritdoc/>
    public TransportAbilities Abilities { get; }

    /// <inheritdoc/>
    public IStateRequests Requests => _requests;

    /// <inheritdoc/>
    public async ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct) =>
        await RabbitSender.OpenAsync(options, _parts, ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct) =>
        await RabbitReceiver.OpenAsync(options, _parts, ct).ConfigureAwait(false);

    /// <summary>Closes the connections for requests; senders and receivers are disposed by who opened them.</summary>
    public ValueTask DisposeAsync() => _requests.DisposeAsync();

    private static string? FindProblem(RabbitMQOptions options, RelayOptions relay)
    {
        if (options.DeliveryTimeout > relay.DeliveryTimeout)
            return $"DeliveryTimeout is {options.DeliveryTimeout}, above the relay's {relay.DeliveryTimeout}: leave it out, or raise Relay:DeliveryTimeout.";
        // Queues are kept alive by being looked at.
        return options.MemoryQueueExpiry < 2 * options.TopologyLookInterval
            ? $"MemoryQueueExpiry is {options.MemoryQueueExpiry}; it must be at least twice TopologyLookInterval, which is {options.TopologyLookInterval}."
            : null;
    }
}
