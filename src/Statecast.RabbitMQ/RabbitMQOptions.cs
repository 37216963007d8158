using RabbitMQ.Client;
using Statecast.Serialization.Avro.Registry;

namespace Statecast.RabbitMQ;

/// <summary>
/// Settings of the RabbitMQ carrier. Configuration section <c>Statecast:RabbitMQ</c>. What is not here is set on the client's own factory
/// (<see cref="ConfigureConnections"/>), except what a promise depends on: that is set after.
/// </summary>
public sealed class RabbitMQOptions
{
    // A larger one does not fit what older brokers take for the number.
    private const long MaxDeliveryLimit = int.MaxValue;

    private readonly List<Action<ConnectionFactory>> _connections = [];

    /// <summary>The broker: <c>amqp://user:password@host:5672/vhost</c>, or <c>amqps://</c> for TLS. Required.</summary>
    public string Uri { get; set; } = "";

    /// <summary>
    /// Further nodes of the cluster, each as <c>host</c> or <c>host:port</c>, an IPv6 address in brackets (<c>[::1]:5672</c>): the first that answers is taken. Default
    /// none.
    /// </summary>
    public IList<string> Hosts { get; } = [];

    /// <summary>Encryption and who this service is to the broker.</summary>
    public RabbitMQSecurityOptions Security { get; } = new();

    /// <summary>How events are written. Default null: structured, and binary for Avro.</summary>
    public RabbitMQContentMode? ContentMode { get; set; }

    /// <summary>
    /// What stands before an attribute's name in the headers of binary mode: <c>cloudEvents_</c> (default), <c>cloudEvents:</c> or <c>ce-</c>. All are read. Nobody
    /// has agreed on one for AMQP 0-9-1.
    /// </summary>
    public string BinaryPrefix { get; set; } = "cloudEvents_";

    /// <summary>How long a message's confirmation is waited for; then the connection is given up. Default null: the relay's <c>DeliveryTimeout</c> (10 s), and never more.</summary>
    public TimeSpan? DeliveryTimeout { get; set; }

    /// <summary>
    /// The most messages that a target's replica has received and not acknowledged, 2 to 65,535; half of them are one delivery at most. Default 2,000. This many times
    /// the largest event is what a target may hold in memory.
    /// </summary>
    public int Prefetch { get; set; } = 2_000;

    /// <summary>
    /// How often a message may be delivered in vain before the broker puts it into the target's parked queue (<c>x-delivery-limit</c>), 100 to 2,147,483,647.
    /// Default 1,000,000: targets park what they cannot read themselves, so it ends nothing but an endless loop.
    /// </summary>
    public long DeliveryLimit { get; set; } = 1_000_000;

    /// <summary>
    /// The most messages in a target's queue. Default null: no limit. When it is reached the broker refuses what the source sends, which then stays with the source
    /// until this target has caught up: one slow target holds back all others.
    /// </summary>
    public long? MaxQueueLength { get; set; }

    /// <summary>After how long without a reader the broker removes the queues of a replica in memory (<c>x-expires</c>). Default 10 minutes; at least 1 second.</summary>
    public TimeSpan MemoryQueueExpiry { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a heartbeat waits in a queue before it is dropped. Default null: five heartbeat intervals of the relay.</summary>
    public TimeSpan? HeartbeatLifetime { get; set; }

    /// <summary>
    /// How often source and target look whether exchanges, queues and bindings are still there, besides looking when something points to it. Default 5 s;
    /// 100 milliseconds to 5 minutes.
    /// </summary>
    public TimeSpan TopologyLookInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Over how many nodes a new quorum queue is spread (<c>x-quorum-initial-group-size</c>). Default null: the broker's own choice.</summary>
    public int? QuorumSize { get; set; }

    /// <summary>How states are written: <c>json</c> or <c>avro</c>. Default null: Avro where <see cref="Registry"/> names a registry, else JSON. Both are read.</summary>
    public string? Codec { get; set; }

    /// <summary>Settings of the schema registry. Configuration section <c>Statecast:RabbitMQ:SchemaRegistry</c>; it is turned on by <see cref="Registry"/>.</summary>
    public SchemaRegistryOptions SchemaRegistry { get; } = new();

    /// <summary>Writes states in Avro, with their schemas in a registry that has Confluent's API.</summary>
    /// <param name="url">Its address; null where <see cref="SchemaRegistry"/> says where schemas are.</param>
    /// <param name="configure">Further settings of the registry.</param>
    public RabbitMQOptions Registry(string? url = null, Action<SchemaRegistryOptions>? configure = null)
    {
        HasRegistry = true;
        if (url is not null)
            SchemaRegistry.Urls.Add(url);
        configure?.Invoke(SchemaRegistry);
        return this;
    }

    /// <summary>Further settings of the connections.</summary>
    public void ConfigureConnections(Action<ConnectionFactory> configure) => _connections.Add(configure);

    internal bool HasRegistry { get; private set; }

    internal void Apply(ConnectionFactory factory) => _connections.ForEach(configure => configure(factory));

    internal RabbitMQContentMode ModeOf(string codec) =>
        ContentMode ?? (codec == "json" ? RabbitMQContentMode.Structured : RabbitMQContentMode.Binary);

    internal string? FindProblem()
    {
        if (
            !System.Uri.TryCreate(Uri, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("amqp" or "amqps")
            || string.IsNullOrEmpty(uri.Host)
        )
            return "Uri is not set, or is none: name the broker, as in UseRabbitMQ(\"amqp://localhost\").";
        // Not repeated: a whole URI may hold a password.
        if (Hosts.Any(h => !RabbitMQHost.TryParse(h, out _)))
            return "Hosts has an entry that is neither host nor host:port (IPv6 addresses in brackets): scheme, user and virtual host are those of Uri.";
        if (Prefetch is < 2 or > ushort.MaxValue)
            return $"Prefetch is {Prefetch}; it must lie between 2 and 65,535.";
        if (DeliveryLimit is < 100 or > MaxDeliveryLimit)
            return $"DeliveryLimit is {DeliveryLimit}; it must lie between 100 and {MaxDeliveryLimit}.";
        if (MaxQueueLength < 1)
            return $"MaxQueueLength is {MaxQueueLength}; leave it out for no limit.";
        if (MemoryQueueExpiry < TimeSpan.FromSeconds(1))
            return $"MemoryQueueExpiry is {MemoryQueueExpiry}; it must be at least 1 second.";
        if (TopologyLookInterval < TimeSpan.FromMilliseconds(100) || TopologyLookInterval > TimeSpan.FromMinutes(5))
            return $"TopologyLookInterval is {TopologyLookInterval}; it must lie between 100 milliseconds and 5 minutes.";
        if (DeliveryTimeout <= TimeSpan.Zero || HeartbeatLifetime <= TimeSpan.Zero)
            return $"DeliveryTimeout is {DeliveryTimeout} and HeartbeatLifetime {HeartbeatLifetime}; both must be positive.";
        if (QuorumSize < 1)
            return $"QuorumSize is {QuorumSize}; it must be at least 1.";
        if (BinaryPrefix is not ("cloudEvents_" or "cloudEvents:" or "ce-"))
            return $"BinaryPrefix is '{BinaryPrefix}'; cloudEvents_, cloudEvents: and ce- are known.";
        if (Codec is not (null or "avro" or "json"))
            return $"Codec is '{Codec}'; avro and json are written.";
        if (Codec == "avro" && !HasRegistry)
            return "Codec is avro, which needs a schema registry: name it, as in UseRabbitMQ(\"amqp://localhost\", r => r.Registry(\"http://localhost:8081\")).";
        return Security.FindProblem(uri)
            ?? (HasRegistry && SchemaRegistry.FindProblem() is { } problem ? $"SchemaRegistry: {problem}" : null);
    }
}
