using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>
/// The broker that is measured on: the one that <c>STATECAST_RABBITMQ</c> names, else Debian's, started on loopback with a node, a port mapper, a cookie and data
/// of this run's own.
/// </summary>
internal sealed class RabbitServer : IAsyncDisposable
{
    private const string Programs = "/usr/lib/rabbitmq/bin";
    private const string Mapper = "/usr/bin/epmd";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(120);
    private readonly Process[] _processes;
    private readonly IConnection _connection;

    private RabbitServer(string uri, IConnection connection, Process[] processes) =>
        (Uri, _connection, _processes) = (uri, connection, processes);

    public string Uri { get; }

    /// <returns>Null if there is none to be had.</returns>
    public static async Task<RabbitServer?> FindAsync(string directory)
    {
        if (Environment.GetEnvironmentVariable("STATECAST_RABBITMQ") is { Length: > 0 } named)
            return new(named, await ConnectAsync(named), []);
        return File.Exists(Path.Combine(Programs, "rabbitmq-server")) && File.Exists(Mapper) ? await StartAsync(directory) : null;
    }

    /// <summary>A connection as its own, which does not recover: a run that lost one is void.</summary>
    public Task<IConnection> ConnectAsync() => ConnectAsync(Uri);

    /// <summary>Makes an exchange, if it is not there, and a queue on it that is empty.</summary>
    public async Task MakeAsync(string exchange, string queue, bool quorum = true, string key = "0")
    {
        await using var channel = await _connection.CreateChannelAsync();
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Direct, durable: true, autoDelete: false);
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = quorum ? "quorum" : "classic" };
        if (quorum)
            (arguments["x-single-active-consumer"], arguments["x-delivery-limit"]) = (true, 1_000_000);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments);
        await channel.QueueBindAsync(queue, exchange, key);
    }

    /// <summary>Removes queues.</summary>
    public async Task RemoveQueuesAsync(params IEnumerable<string> queues)
    {
        await using var channel = await _connection.CreateChannelAsync();
        foreach (var queue in queues)
            // One that is not there is removed already.
            await channel.QueueDeleteAsync(queue);
    }

    /// <summary>Removes an exchange, and what a source or target made beside it.</summary>
    public async Task RemoveAsync(string destination)
    {
        await RemoveQueuesAsync($"{destination}.last", $"{destination}.requests", $"{destination}.targets");
        await using var channel = await _connection.CreateChannelAsync();
        await channel.ExchangeDeleteAsync(destination);
        await channel.ExchangeDeleteAsync($"{destination}.control");
        await channel.ExchangeDeleteAsync($"{destination}.asks");
    }

    /// <summary>How many messages wait in a queue; null if there is no such queue.</summary>
    public async Task<uint?> CountAsync(string queue)
    {
        await using var channel = await _connection.CreateChannelAsync();
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 404)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        foreach (var process in _processes)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private static Task<IConnection> ConnectAsync(string uri) =>
        new ConnectionFactory
        {
            Uri = new(uri),
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
        }.CreateConnectionAsync();

    private static async Task<RabbitServer> StartAsync(string directory)
    {
        var home = Directory.CreateDirectory(Path.Combine(directory, "broker")).FullName;
        int[] ports = [FreePort(), FreePort(), FreePort()];
        await File.WriteAllTextAsync(
            Path.Combine(home, "rabbitmq.conf"),
            $"""
            listeners.tcp.1 = 127.0.0.1:{ports[0]}
            disk_free_limit.absolute = 50MB
            log.console = false
            log.file.level = warning

            """
        );
        await File.WriteAllTextAsync(Path.Combine(home, "enabled_plugins"), "[].\n");
        await File.WriteAllTextAsync(Path.Combine(home, "env.conf"), "");
        // Started here, so that it ends here: the server's own would stay behind.
        var mapper = Process.Start(Quiet(home, ports, Mapper, "-address", "127.0.0.1", "-port", $"{ports[2]}"))!;
        var broker = Process.Start(Quiet(home, ports, $"{Programs}/rabbitmq-server"))!;
        try
        {
            using var patience = new CancellationTokenSource(StartTimeout);
            while (await broker.StandardOutput.ReadLineAsync(patience.Token) is { } line)
                if (line.Contains("completed with", StringComparison.Ordinal))
                {
                    _ = broker.StandardOutput.ReadToEndAsync(CancellationToken.None);
                    var uri = $"amqp://guest:guest@127.0.0.1:{ports[0]}";
                    return new(uri, await ConnectAsync(uri), [broker, mapper]);
                }
            throw new InvalidOperationException($"The broker ended while it started; its log is in '{home}'.");
        }
        catch
        {
            broker.Kill(entireProcessTree: true);
            mapper.Kill();
            throw;
        }
    }

    private static ProcessStartInfo Quiet(string home, int[] ports, string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = home,
        };
        foreach (
            var (name, value) in (ReadOnlySpan<(string, string)>)
                [
                    ("HOME", home),
                    ("ERL_EPMD_ADDRESS", "127.0.0.1"),
                    ("ERL_EPMD_PORT", $"{ports[2]}"),
                    ("RABBITMQ_NODENAME", $"bench{ports[0]}@localhost"),
                    ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"),
                    ("RABBITMQ_NODE_PORT", $"{ports[0]}"),
                    ("RABBITMQ_DIST_PORT", $"{ports[1]}"),
                    ("RABBITMQ_MNESIA_BASE", Path.Combine(home, "data")),
                    ("RABBITMQ_LOG_BASE", Path.Combine(home, "log")),
                    ("RABBITMQ_PID_FILE", Path.Combine(home, "pid")),
                    ("RABBITMQ_CONFIG_FILE", Path.Combine(home, "rabbitmq")),
                    ("RABBITMQ_CONF_ENV_FILE", Path.Combine(home, "env.conf")),
                    ("RABBITMQ_ENABLED_PLUGINS_FILE", Path.Combine(home, "enabled_plugins")),
                    ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none"),
                ]
        )
            start.Environment[name] = value;
        return start;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
