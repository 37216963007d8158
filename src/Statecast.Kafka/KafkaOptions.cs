using Confluent.Kafka;
using Statecast.Serialization.Avro.Registry;

namespace Statecast.Kafka;

/// <summary>
/// Settings of the Kafka carrier. Configuration section <c>Statecast:Kafka</c>. What is not here is set on the client's own configuration
/// (<see cref="ConfigureProducer"/>, <see cref="ConfigureConsumer"/>, <see cref="ConfigureAdmin"/>), except what a promise depends on: that is set after.
/// </summary>
public sealed class KafkaOptions
{
    private readonly List<Action<ProducerConfig>> _producer = [];
    private readonly List<Action<ConsumerConfig>> _consumer = [];
    private readonly List<Action<AdminClientConfig>> _admin = [];

    /// <summary>Brokers to begin with, as <c>host:port</c>, joined by commas. Required.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>Encryption and who this service is to the brokers. By default neither.</summary>
    public KafkaSecurityOptions Security { get; } = new();

    /// <summary>Whether missing topics are made. Default true; where an operator makes them, false: a missing one is then an error that says how it must be.</summary>
    public bool CreateTopics { get; set; } = true;

    /// <summary>Copies of every topic that is made; with fewer brokers up it is not made. Default: 3, or as many as brokers are up, which is warned of.</summary>
    public short? ReplicationFactor { get; set; }

    /// <summary>Copies that must hold a record before it counts as sent. An existing topic with fewer is refused. Default: one less than the topic's copies, at least 1.</summary>
    public int? MinInSyncReplicas { get; set; }

    /// <summary>
    /// For how long no record is compacted away (<c>min.compaction.lag.ms</c>). Default 1 minute; more than twice the heartbeat interval, since within that time a
    /// record that landed late is found and mended; a send that stays without an answer delays that by up to the relay's delivery time-out, so leave room for it. An
    /// existing topic with less is refused.
    /// </summary>
    public TimeSpan MinCompactionLag { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>After how long a superseded record is compacted away at the latest, of topics that are made (<c>max.compaction.lag.ms</c>). Default 1 day; not below <see cref="MinCompactionLag"/>.</summary>
    public TimeSpan MaxCompactionLag { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How long deletes stay (<c>delete.retention.ms</c>). Default null: for ever, and a topic that drops them is refused. A finite time costs: a target that is away
    /// longer, or whose first pass takes longer, misses deletes.
    /// </summary>
    public TimeSpan? TombstoneRetention { get; set; }

    /// <summary>The largest record in bytes (<c>max.message.bytes</c>). Default 1,048,588, the brokers' own; an existing topic with less is refused. At least 1,024.</summary>
    public int MaxMessageBytes { get; set; } = 1_048_588;

    /// <summary>How long the client tries to deliver a record. Default null: the relay's <c>DeliveryTimeout</c> (10 s), and never more.</summary>
    public TimeSpan? DeliveryTimeout { get; set; }

    /// <summary>How long a record waits for others of its partition. Default 1 millisecond: the relay hands over whole batches. 0 to 1 second.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>How batches are compressed. Default LZ4.</summary>
    public CompressionType Compression { get; set; } = CompressionType.Lz4;

    /// <summary>
    /// The most bytes that a target's client reads ahead, per replica. Default 16 MiB; at least 1 MiB. It asks for no more while it holds so many; one answer of the
    /// brokers, up to an eighth of it or <see cref="MaxMessageBytes"/>, is counted as it is compressed, and takes more when it is unpacked.
    /// </summary>
    public int MaxReadAheadBytes { get; set; } = 16 << 20;

    /// <summary>How instances of a shared replica agree on their lanes. Default the classic protocol, cooperative; <c>Consumer</c> for the one of Kafka 4.</summary>
    public GroupProtocol GroupProtocol { get; set; } = GroupProtocol.Classic;

    /// <summary>How often source and target look whether a topic was made anew or changed, besides looking when something points to it. Default 2 s; 100 milliseconds to 1 minute.</summary>
    public TimeSpan TopicLookInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How often the client reports its queues and brokers, as metrics <c>statecast.kafka.*</c>. Default null: never; 100 milliseconds to 1 hour. A report is a text
    /// of some kilobytes that is made and read again.
    /// </summary>
    public TimeSpan? StatisticsInterval { get; set; }

    /// <summary>How states are written: <c>avro</c> or <c>json</c>. Default null: Avro where <see cref="Registry"/> names a registry, else JSON. Both are read.</summary>
    public string? Codec { get; set; }

    /// <summary>Settings of the schema registry. Configuration section <c>Statecast:Kafka:SchemaRegistry</c>; it is turned on by <see cref="Registry"/>.</summary>
    public SchemaRegistryOptions SchemaRegistry { get; } = new();

    /// <summary>Writes states in Avro, with their schemas in a registry that has Confluent's API.</summary>
    /// <param name="url">Its address; null where <see cref="SchemaRegistry"/> says where schemas are.</param>
    /// <param name="configure">Further settings of the registry.</param>
    public KafkaOptions Registry(string? url = null, Action<SchemaRegistryOptions>? configure = null)
    {
        HasRegistry = true;
        if (url is not null)
            SchemaRegistry.Urls.Add(url);
        configure?.Invoke(SchemaRegistry);
        return this;
    }

    /// <summary>Further settings of the producer.</summary>
    public void ConfigureProducer(Action<ProducerConfig> configure) => _producer.Add(configure);

    /// <summary>Further settings of the consumers.</summary>
    public void ConfigureConsumer(Action<ConsumerConfig> configure) => _consumer.Add(configure);

    /// <summary>Further settings of the client that makes and checks topics.</summary>
    public void ConfigureAdmin(Action<AdminClientConfig> configure) => _admin.Add(configure);

    internal bool HasRegistry { get; private set; }

    internal void Apply(ProducerConfig config) => _producer.ForEach(configure => configure(config));

    internal void Apply(ConsumerConfig config) => _consumer.ForEach(configure => configure(config));

    internal void Apply(AdminClientConfig config) => _admin.ForEach(configure => configure(config));

    internal string? FindProblem()
    {
        if (string.IsNullOrWhiteSpace(BootstrapServers))
            return "BootstrapServers is not set: name the brokers, as in UseKafka(\"localhost:9092\").";
        if (MinCompactionLag < TimeSpan.Zero || MaxCompactionLag < MinCompactionLag)
            return $"MinCompactionLag is {MinCompactionLag} and MaxCompactionLag {MaxCompactionLag}; the first must not be negative, the second not below it.";
        if (TombstoneRetention < TimeSpan.Zero)
            return $"TombstoneRetention is {TombstoneRetention}; leave it out to keep deletes for ever.";
        if (MaxMessageBytes < 1_024)
            return $"MaxMessageBytes is {MaxMessageBytes}; it must be at least 1,024.";
        if (Linger < TimeSpan.Zero || Linger > TimeSpan.FromSeconds(1))
            return $"Linger is {Linger}; it must lie between 0 and 1 second.";
        // The client counts milliseconds, and takes 0 for no limit at all.
        if (DeliveryTimeout < TimeSpan.FromMilliseconds(10) || DeliveryTimeout <= Linger)
            return $"DeliveryTimeout is {DeliveryTimeout}; it must be at least 10 milliseconds, and longer than Linger, {Linger}.";
        if (MaxReadAheadBytes < 1 << 20)
            return $"MaxReadAheadBytes is {MaxReadAheadBytes}; it must be at least 1,048,576.";
        if (TopicLookInterval < TimeSpan.FromMilliseconds(100) || TopicLookInterval > TimeSpan.FromMinutes(1))
            return $"TopicLookInterval is {TopicLookInterval}; it must lie between 100 milliseconds and 1 minute.";
        if (StatisticsInterval < TimeSpan.FromMilliseconds(100) || StatisticsInterval > TimeSpan.FromHours(1))
            return $"StatisticsInterval is {StatisticsInterval}; it must lie between 100 milliseconds and 1 hour, or be left out.";
        if (ReplicationFactor < 1 || MinInSyncReplicas < 1)
            return $"ReplicationFactor is {ReplicationFactor} and MinInSyncReplicas {MinInSyncReplicas}; both must be at least 1.";
        if (MinInSyncReplicas > ReplicationFactor)
            return $"MinInSyncReplicas is {MinInSyncReplicas} and ReplicationFactor {ReplicationFactor}: no record could ever be confirmed. Lower the first or raise the second.";
        if (Codec is not (null or "avro" or "json"))
            return $"Codec is '{Codec}'; avro and json are written.";
        if (Codec == "avro" && !HasRegistry)
            return "Codec is avro, which needs a schema registry: name it, as in UseKafka(\"localhost:9092\", k => k.Registry(\"http://localhost:8081\")).";
        return Security.FindProblem(BootstrapServers)
            ?? (HasRegistry && SchemaRegistry.FindProblem() is { } problem ? $"SchemaRegistry: {problem}" : null);
    }
}
