using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Statecast.Benchmarks.Kafka;

/// <summary>The broker that is measured on: the one that <c>STATECAST_KAFKA</c> names, else one of this run's own, started from <c>KAFKA_HOME</c>.</summary>
internal sealed class KafkaBroker : IDisposable
{
    private readonly Process? _process;

    private KafkaBroker(string servers, Process? process) => (Servers, _process) = (servers, process);

    public string Servers { get; }

    /// <returns>Null if neither is set.</returns>
    public static async Task<KafkaBroker?> FindAsync(string directory)
    {
        if (Environment.GetEnvironmentVariable("STATECAST_KAFKA") is { Length: > 0 } named)
            return new(named, null);
        return Environment.GetEnvironmentVariable("KAFKA_HOME") is { Length: > 0 } home ? await StartAsync(home, directory) : null;
    }

    /// <summary>Removes topics, and waits until they are gone.</summary>
    public async Task RemoveAsync(params string[] topics)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Servers }).Build();
        while (true)
        {
            var there = admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.Select(t => t.Topic).Intersect(topics).ToList();
            if (there.Count == 0)
                return;
            try
            {
                await admin.DeleteTopicsAsync(there);
            }
            catch (DeleteTopicsException e) when (e.Results.All(r => r.Error.Code is ErrorCode.NoError or ErrorCode.UnknownTopicOrPart))
            {
                // Gone already; the next look shows it.
            }
        }
    }

    /// <summary>Makes a topic as ours are.</summary>
    public async Task MakeAsync(string topic, int partitions)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Servers }).Build();
        await admin.CreateTopicsAsync([
            new()
            {
                Name = topic,
                NumPartitions = partitions,
                ReplicationFactor = 1,
                Configs = new() { ["cleanup.policy"] = "compact", ["min.compaction.lag.ms"] = "60000" },
            },
        ]);
        while (admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.SingleOrDefault(t => t.Topic == topic)?.Partitions.Count != partitions)
            await Task.Delay(20);
    }

    public void Dispose()
    {
        if (_process is null)
            return;
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static async Task<KafkaBroker> StartAsync(string home, string directory)
    {
        int[] ports = [FreePort(), FreePort()];
        var properties = Path.Combine(directory, "server.properties");
        await File.WriteAllTextAsync(
            properties,
            $"""
            process.roles=broker,controller
            node.id=1
            controller.quorum.voters=1@127.0.0.1:{ports[1]}
            controller.listener.names=CONTROLLER
            listeners=PLAINTEXT://127.0.0.1:{ports[0]},CONTROLLER://127.0.0.1:{ports[1]}
            advertised.listeners=PLAINTEXT://127.0.0.1:{ports[0]}
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
            log.dirs={Path.Combine(directory, "data")}
            offsets.topic.replication.factor=1
            auto.create.topics.enable=false

            """
        );
        var id = (await (await RunAsync("kafka-storage.sh", "random-uuid")).StandardOutput.ReadToEndAsync()).Trim();
        await (await RunAsync("kafka-storage.sh", "format", "--cluster-id", id, "--config", properties)).StandardOutput.ReadToEndAsync();
        var broker = await RunAsync("kafka-server-start.sh", properties);
        while (await broker.StandardOutput.ReadLineAsync() is { } line)
            if (line.Contains("Kafka Server started", StringComparison.Ordinal))
            {
                _ = broker.StandardOutput.ReadToEndAsync();
                return new($"127.0.0.1:{ports[0]}", broker);
            }
        throw new InvalidOperationException($"The broker of '{home}' ended while it started; its log is in '{directory}'.");

        Task<Process> RunAsync(string tool, params string[] arguments)
        {
            var start = new ProcessStartInfo("bash", [Path.Combine(home, "bin", tool), .. arguments]) { RedirectStandardOutput = true };
            start.Environment["LOG_DIR"] = directory;
            return Task.FromResult(Process.Start(start)!);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
