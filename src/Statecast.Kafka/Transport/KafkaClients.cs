using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Statecast.Kafka.Client;

namespace Statecast.Kafka.Transport;

/// <summary>Makes the client's parts. What a promise depends on is set after the user's own settings.</summary>
internal sealed class KafkaClients(KafkaOptions options, TimeSpan deliveryTimeout, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<(string, ErrorCode), long> _said = new();

    public KafkaOptions Options => options;

    public KafkaFaults Faults { get; } = new(options, clock);

    public TimeProvider Clock => clock;

    /// <summary>A producer, and who hears of outcomes and errors.</summary>
    public RdProducer Producer(Action<RdProducer, RdOutcome> delivered, Action<RdProducer, Error> fail) =>
        new(
            ProducerSettings(),
            new(delivered, fail, (facility, text) => LogMessages.Client(logger, facility, text), StatisticsOf("producer"))
        );

    /// <summary>A producer's settings.</summary>
    public ProducerConfig ProducerSettings()
    {
        var config = new ProducerConfig
        {
            LingerMs = options.Linger.TotalMilliseconds,
            CompressionType = options.Compression,
            MessageMaxBytes = options.MaxMessageBytes,
            // The relay bounds what is under way; the client's own bound must only not be in its way.
            QueueBufferingMaxKbytes = 256 * 1024,
            // How long the client keeps silent about a topic that it does not find, while nothing else is sent: by default half a minute. What fails is sent again.
            TopicMetadataPropagationMaxMs = 5_000,
        };
        Common(config);
        options.Apply(config);
        Warn(config);
        // No retry may reorder or double a record, and none may land later than the relay reckons with.
        config.EnableIdempotence = true;
        config.Acks = Acks.All;
        config.MessageTimeoutMs = (int)deliveryTimeout.TotalMilliseconds;
        config.AllowAutoCreateTopics = false;
        return config;
    }

    /// <summary>The group that a service's clients name.</summary>
    public static string GroupOf(string name) => $"statecast-{name}";

    /// <summary>A consumer of assigned partitions. The client demands a group's name; the group is never joined, nothing is ever committed to it.</summary>
    /// <param name="name">Who reads.</param>
    /// <param name="readAheadBytes">The most bytes that it reads ahead.</param>
    /// <param name="fetchWait">How long brokers keep a fetch that finds nothing: so long a partition's tail, and one that is newly assigned, wait too.</param>
    /// <param name="destination">What it reads, for its reports about itself: a service has a consumer of one name for each of its replicas.</param>
    public IConsumer<string?, byte[]?> Consumer(string name, int readAheadBytes, TimeSpan fetchWait, string? destination = null) =>
        Build(ConsumerSettings(name, readAheadBytes, fetchWait), name, destination).Build();

    /// <summary>A consumer that shares partitions with others of its name. Positions are the replicas' own: nothing is ever committed to the group.</summary>
    /// <param name="name">Who reads.</param>
    /// <param name="readAheadBytes">The most bytes that it reads ahead.</param>
    /// <param name="fetchWait">How long brokers keep a fetch that finds nothing.</param>
    /// <param name="destination">What it reads, for its reports about itself.</param>
    /// <param name="assigned">Partitions that came; returns from where they are read until they are sought.</param>
    /// <param name="revoked">Partitions that went.</param>
    public IConsumer<string?, byte[]?> Member(
        string name,
        int readAheadBytes,
        TimeSpan fetchWait,
        string destination,
        Func<List<TopicPartition>, IEnumerable<TopicPartitionOffset>> assigned,
        Action<IEnumerable<TopicPartition>> revoked
    )
    {
        var config = ConsumerSettings(name, readAheadBytes, fetchWait);
        config.GroupProtocol = options.GroupProtocol;
        if (options.GroupProtocol == GroupProtocol.Classic)
            config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
        return Build(config, name, destination)
            .SetPartitionsAssignedHandler((_, partitions) => assigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => revoked(partitions.Select(p => p.TopicPartition)))
            .SetPartitionsLostHandler((_, partitions) => revoked(partitions.Select(p => p.TopicPartition)))
            .Build();
    }

    /// <summary>A consumer's settings.</summary>
    public ConsumerConfig ConsumerSettings(string name, int readAheadBytes, TimeSpan fetchWait)
    {
        // Counted as brokers hold it, compressed; the client unpacks an answer whole, and the queue's bound is looked at only before the next.
        var answerBytes = Math.Max(readAheadBytes / 8, options.MaxMessageBytes);
        var config = new ConsumerConfig
        {
            GroupId = GroupOf(name),
            // The client refuses a fetch below it, and its own default may be above what we take.
            MessageMaxBytes = options.MaxMessageBytes,
            FetchWaitMaxMs = (int)fetchWait.TotalMilliseconds,
            FetchErrorBackoffMs = 100,
            // By default a full queue is looked at again after a second, in which a target that reads tens of megabytes a second has long emptied it.
            FetchQueueBackoffMs = 10,
            FetchMaxBytes = answerBytes,
            MaxPartitionFetchBytes = answerBytes,
        };
        Common(config);
        options.Apply(config);
        Warn(config);
        config.QueuedMaxMessagesKbytes = Math.Max(1, readAheadBytes / 1024);
        config.EnableAutoCommit = false;
        config.EnableAutoOffsetStore = false;
        // Never "latest": a position that is gone is an error, which is answered by reading from the beginning.
        config.AutoOffsetReset = AutoOffsetReset.Error;
        config.EnablePartitionEof = true;
        config.IsolationLevel = IsolationLevel.ReadUncommitted;
        config.AllowAutoCreateTopics = false;
        // A record's time says nothing here, and each part that the client copies out of its own memory costs a call.
        config.ConsumeResultFields = "headers,topic";
        return config;
    }

    private ConsumerBuilder<string?, byte[]?> Build(ConsumerConfig config, string name, string? destination) =>
        new ConsumerBuilder<string?, byte[]?>(config)
            .SetErrorHandler((_, error) => Report(name, error))
            .SetLogHandler((_, message) => Log(message))
            .SetStatisticsHandler((_, json) => KafkaStatistics.Take(name, destination, json, logger));

    public IAdminClient Admin()
    {
        var config = new AdminClientConfig();
        Common(config);
        options.Apply(config);
        Warn(config);
        return new AdminClientBuilder(config)
            .SetErrorHandler((_, error) => Report("topics", error))
            .SetLogHandler((_, message) => Log(message))
            .Build();
    }

    /// <summary>Says an error that the client recovers from by itself; the same one again only after a while.</summary>
    public void Report(string subject, Error error)
    {
        Faults.Note(error);
        var said = _said.TryGetValue((subject, error.Code), out var at);
        if (said && clock.GetElapsedTime(at) < SayAgain)
            return;
        _said[(subject, error.Code)] = clock.GetTimestamp();
        LogMessages.ClientError(logger, subject, error.Reason);
    }

    private void Common(ClientConfig config)
    {
        config.BootstrapServers = options.BootstrapServers;
        config.ClientId = "statecast";
        // A broker that comes back is found again within a second.
        config.ReconnectBackoffMaxMs = 1_000;
        config.SocketKeepaliveEnable = true;
        config.TopicMetadataRefreshIntervalMs = 30_000;
        if (options.StatisticsInterval is { } interval)
            config.StatisticsIntervalMs = (int)interval.TotalMilliseconds;
        options.Security.Apply(config);
    }

    private void Warn(ClientConfig config)
    {
        // However it was turned on: by our own setting, or by the client's.
        if (
            config.SecurityProtocol is SecurityProtocol.Ssl or SecurityProtocol.SaslSsl
            && (
                config.SslEndpointIdentificationAlgorithm == SslEndpointIdentificationAlgorithm.None
                || config.EnableSslCertificateVerification == false
            )
        )
            LogMessages.HostNamesUnchecked(logger);
    }

    private Action<string>? StatisticsOf(string client) =>
        options.StatisticsInterval is null ? null : json => KafkaStatistics.Take(client, null, json, logger);

    private void Log(LogMessage message) => LogMessages.Client(logger, message.Facility, message.Message);
}
