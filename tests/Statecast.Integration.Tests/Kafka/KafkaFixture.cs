using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Statecast.Integration.Tests.Kafka;
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
/// A real broker for the run: the one that <c>STATECAST_KAFKA</c> names (bootstrap servers), else one that is started from <c>KAFKA_HOME</c> when it is first
/// asked for. Without either the tests are skipped, and say so.
/// </summary>
public sealed class KafkaFixture : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private KafkaCluster? _cluster;

    /// <summary>The download to start brokers from; skips the test if there is none.</summary>
    public static string Home
    {
        get
        {
            var home = Environment.GetEnvironmentVariable("KAFKA_HOME");
            Assert.SkipUnless(
                File.Exists(Path.Combine(home ?? "", "bin", "kafka-server-start.sh")),
                "STATECAST_KAFKA names no broker, and KAFKA_HOME no download of Apache Kafka 4 (it needs Java 17)."
            );
            return home!;
        }
    }

    /// <summary>The broker, started if it is not yet; skips the test if there is none to be had.</summary>
    public async Task<string> BrokerAsync()
    {
        if (Environment.GetEnvironmentVariable("STATECAST_KAFKA") is { Length: > 0 } named)
            return named;
        await _gate.WaitAsync();
        try
        {
            _cluster ??= await KafkaCluster.StartAsync(Home);
            return _cluster.BootstrapServers;
        }
        finally
        {
            _gate.Release();
        }
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

    public void Dispose()
    {
        _cluster?.Dispose();
        _gate.Dispose();
    }
}
