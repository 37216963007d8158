using System.Buffers.Binary;
using System.Diagnostics;
using Statecast.Integration.Tests.Sqlite;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>Brokers of a test run on this machine's loopback, from an official download (<c>KAFKA_HOME</c>) with properties of their own.</summary>
internal sealed class KafkaCluster : IDisposable
{
    // Tools and most brokers live for seconds: what the compiler's second stage would gain is never won back.
    private const string ShortLived = "-server -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true";

    private readonly TempDirectory _folder = new();
    private readonly Dictionary<int, Process> _running = [];
    private readonly int[] _ports;
    private readonly string _home;

    private KafkaCluster(string home, int brokers) => (_home, _ports) = (home, FreePorts.Take(2 * brokers));

    private int Brokers => _ports.Length / 2;

    /// <summary>Where brokers are found.</summary>
    public string BootstrapServers => string.Join(',', Enumerable.Range(1, Brokers).Select(n => $"127.0.0.1:{_ports[n - 1]}"));

    /// <summary>Formats and starts brokers, numbered from 1; ready when it returns.</summary>
    public static async Task<KafkaCluster> StartAsync(string home, int brokers = 1, string properties = "")
    {
        var cluster = new KafkaCluster(home, brokers);
        try
        {
            var id = Convert.ToBase64String(Guid.NewGuid().ToByteArray()).TrimEnd('=').Replace('+', 'A').Replace('/', 'A');
            for (var n = 1; n <= brokers; n++)
            {
                Directory.CreateDirectory(cluster.FolderOf(n));
                await File.WriteAllTextAsync(cluster.PropertiesOf(n), cluster.Properties(n) + properties);
                await RunAsync(home, "kafka-storage.sh", "format", "--cluster-id", id, "--config", cluster.PropertiesOf(n));
            }
            await Task.WhenAll(Enumerable.Range(1, brokers).Select(cluster.StartAsync));
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>Starts a broker on what it has; ready when it returns.</summary>
    public async Task StartAsync(int number)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(_home, "bin", "kafka-server-start.sh"), PropertiesOf(number)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LOG_DIR"] = FolderOf(number);
        start.Environment["KAFKA_HEAP_OPTS"] = "-Xmx300m";
        start.Environment["KAFKA_JVM_PERFORMANCE_OPTS"] = ShortLived;
        // Not on the thread that reads the output: a kill waits for its end.
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new Queue<string>();
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not { } text)
                return;
            lock (said)
            {
                said.Enqueue(text);
                if (said.Count > 30)
                    said.Dequeue();
            }
            if (text.Contains("Kafka Server started", StringComparison.Ordinal))
                ready.TrySetResult();
        };
        process.ErrorDataReceived += (_, _) => { };
        process.Exited += (_, _) =>
        {
            lock (said)
                ready.TrySetException(new InvalidOperationException($"Broker {number} ended:\n{string.Join('\n', said)}"));
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _running[number] = process;
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(90));
    }

    /// <summary>SIGKILL.</summary>
    public void Kill(int number)
    {
        if (!_running.Remove(number, out var process))
            return;
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>Takes the last batch of every partition of a topic from the disk of a broker that is down: what a loss of power takes, since brokers sync nothing by default.</summary>
    /// <returns>How many partitions lost one.</returns>
    public int LoseNewest(int number, string topic)
    {
        var lost = 0;
        // A batch: its first offset, then the bytes that follow its length.
        var head = new byte[12];
        // Not those of a topic that is being removed.
        foreach (var partition in Directory.GetDirectories(Path.Combine(FolderOf(number), "data"), $"{topic}-?"))
        {
            using var log = File.Open(Directory.GetFiles(partition, "*.log").Max()!, FileMode.Open);
            var (batch, last) = (0L, -1L);
            while (log.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
            {
                if (BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(8)) is not (> 0 and var length))
                    break;
                (last, batch) = (batch, batch + head.Length + length);
                log.Position = batch;
            }
            if (last < 0)
                continue;
            log.SetLength(last);
            lost++;
        }
        return lost;
    }

    /// <summary>Runs one of the download's tools against the brokers.</summary>
    public Task<string> ToolAsync(string tool, params string[] arguments) =>
        RunAsync(_home, tool, ["--bootstrap-server", BootstrapServers, .. arguments]);

    public void Dispose()
    {
        foreach (var number in _running.Keys.ToList())
            Kill(number);
        _folder.Dispose();
    }

    private string FolderOf(int number) => _folder.File($"broker-{number}");

    private string PropertiesOf(int number) => Path.Combine(FolderOf(number), "server.properties");

    private string Properties(int number)
    {
        var voters = string.Join(',', Enumerable.Range(1, Brokers).Select(n => $"{n}@127.0.0.1:{_ports[Brokers + n - 1]}"));
        var copies = Brokers < 3 ? 1 : 3;
        return $"""
            process.roles=broker,controller
            node.id={number}
            controller.quorum.voters={voters}
            controller.listener.names=CONTROLLER
            listeners=PLAINTEXT://127.0.0.1:{_ports[number - 1]},CONTROLLER://127.0.0.1:{_ports[Brokers + number - 1]}
            advertised.listeners=PLAINTEXT://127.0.0.1:{_ports[number - 1]}
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
            log.dirs={Path.Combine(FolderOf(number), "data")}
            offsets.topic.replication.factor={copies}
            offsets.topic.num.partitions=4
            transaction.state.log.replication.factor={copies}
            transaction.state.log.min.isr=1
            transaction.state.log.num.partitions=1
            group.initial.rebalance.delay.ms=0
            metadata.max.idle.interval.ms=0
            broker.heartbeat.interval.ms=500
            broker.session.timeout.ms=3000
            log.cleaner.backoff.ms=200
            log.cleaner.dedupe.buffer.size=33554432
            auto.create.topics.enable=false

            """;
    }

    private static async Task<string> RunAsync(string home, string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(home, "bin", tool), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["KAFKA_HEAP_OPTS"] = "-Xmx128m";
        start.Environment["KAFKA_JVM_PERFORMANCE_OPTS"] = ShortLived;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{tool} ended with code {process.ExitCode}: {output} {await error}");
    }
}
