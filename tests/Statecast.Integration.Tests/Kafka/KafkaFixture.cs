using Confluent.Kafka;
using Confluent.Kafka.Admin;
using DotNet.Testcontainers.Builders;
using Statecast.Integration.Tests.Kafka;
using Testcontainers.Kafka;
using Xunit;

[assembly: AssemblyFixture(typeof(KafkaFixture))]

namespace Statecast.Integration.Tests.Kafka;

/// <summary>Tests on a real broker, one after another: they share topics' names.</summary>
[CollectionDefinition(Name)]
public sealed class KafkaCollection
{
    public const string Name = "Kafka";
}

/// <summary>Tests with brokers of their own, one after another: they are killed, cut off, or ask who one is.</summary>
[CollectionDefinition(Name)]
public sealed class KafkaClusterCollection
{
    public const string Name = "Kafka clusters";
}

/// <summary>
/// A broker for the run: the one that <c>STATECAST_KAFKA</c> names (bootstrap servers), else one that is started from <c>KAFKA_HOME</c> when it is first asked for,
/// else one in Docker, else the mock cluster that the client's library has in itself. What a mock cannot do, and what needs brokers that may be killed or set up, is
/// skipped then, and says so.
/// </summary>
public sealed class KafkaFixture : IAsyncDisposable
{
    private const string Image = "apache/kafka:4.2.0";
    private readonly SemaphoreSlim _gate = new(1, 1);
    private KafkaCluster? _cluster;
    private KafkaContainer? _container;
    private MockKafka? _mock;
    private string _noDocker = "";

    /// <summary>The download to start brokers from that a test may kill or set up; skips the test if there is none.</summary>
    public static string Home
    {
        get
        {
            Assert.SkipUnless(
                HasHome,
                "This needs brokers of its own, and KAFKA_HOME names no download of Apache Kafka 4 to start them from (it needs Java 17)."
            );
            return Environment.GetEnvironmentVariable("KAFKA_HOME")!;
        }
    }

    private static bool HasHome =>
        File.Exists(Path.Combine(Environment.GetEnvironmentVariable("KAFKA_HOME") ?? "", "bin", "kafka-server-start.sh"));

    /// <summary>The broker, started if it is not yet; perhaps a mock.</summary>
    public async Task<string> BrokerAsync()
    {
        if (Environment.GetEnvironmentVariable("STATECAST_KAFKA") is { Length: > 0 } named)
            return named;
        await _gate.WaitAsync();
        try
        {
            if (HasHome)
                return (_cluster ??= await KafkaCluster.StartAsync(Home)).BootstrapServers;
            if (_container is null && _mock is null)
                (_container, _mock) = await ContainerOrMockAsync();
            return _mock?.BootstrapServers ?? $"{_container!.Hostname}:{_container.GetMappedPublicPort(KafkaBuilder.KafkaPort)}";
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Skips the test where there is only a mock.</summary>
    /// <param name="why">What it cannot do.</param>
    public async Task RequireServerAsync(string why)
    {
        await BrokerAsync();
        Assert.SkipWhen(
            _mock is not null,
            $"The mock cluster that is used here {why}: STATECAST_KAFKA names no broker, KAFKA_HOME no download of Apache Kafka 4 (it needs Java 17), and Docker does not answer. {_noDocker}"
        );
    }

    /// <summary>The broker without any topic of ours.</summary>
    public async Task<string> EmptyAsync()
    {
        var servers = await BrokerAsync();
        await EmptyAsync(servers);
        return servers;
    }

    /// <summary>Removes all topics, and waits until they are gone.</summary>
    public static async Task EmptyAsync(string servers)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        while (true)
        {
            var topics = admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.Select(t => t.Topic).Where(t => t[0] != '_').ToList();
            if (topics.Count == 0)
                return;
            try
            {
                await admin.DeleteTopicsAsync(topics);
            }
            catch (DeleteTopicsException e) when (e.Results.All(r => r.Error.Code is ErrorCode.NoError or ErrorCode.UnknownTopicOrPart))
            {
                // Gone already; the next look shows it.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _cluster?.Dispose();
        _mock?.Dispose();
        if (_container is not null)
            await _container.DisposeAsync();
        _gate.Dispose();
    }

    private async Task<(KafkaContainer?, MockKafka?)> ContainerOrMockAsync()
    {
        try
        {
            var container = new KafkaBuilder(Image)
                .WithEnvironment("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
                .WithEnvironment("KAFKA_LOG_CLEANER_BACKOFF_MS", "200")
                .Build();
            await container.StartAsync();
            return (container, null);
        }
        catch (DockerUnavailableException e)
        {
            _noDocker = e.Message.Split('\n')[0];
            return (null, MockKafka.Start());
        }
    }
}
