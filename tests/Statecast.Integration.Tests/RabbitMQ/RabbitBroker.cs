using System.Diagnostics;
using Statecast.Integration.Tests.Kafka;
using Statecast.Integration.Tests.Sqlite;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>
/// A broker of a test run on this machine's loopback: Debian's server, with a node, a port mapper, a cookie and data of its own, so that it meets no other.
/// </summary>
internal sealed class RabbitBroker : IDisposable
{
    private const string Programs = "/usr/lib/rabbitmq/bin";
    private readonly TempDirectory _folder = new();
    private readonly int[] _ports = FreePorts.Take(5);
    private readonly Process _mapper;
    private Process? _running;

    private RabbitBroker(string settings, IEnumerable<string> plugins)
    {
        File.WriteAllText(_folder.File("rabbitmq.conf"), Settings() + settings);
        File.WriteAllText(_folder.File("enabled_plugins"), $"[{string.Join(',', plugins.Prepend("rabbitmq_management"))}].\n");
        File.WriteAllText(_folder.File("env.conf"), "");
        // Started here, so that it ends here: the server's own would stay behind.
        _mapper = Process.Start(Quiet("/usr/bin/epmd", "-address", "127.0.0.1", "-port", $"{_ports[3]}"))!;
    }

    /// <summary>Whether Debian's package is installed.</summary>
    public static bool IsInstalled => File.Exists(Path.Combine(Programs, "rabbitmq-server")) && File.Exists("/usr/bin/epmd");

    public int Port => _ports[0];

    /// <summary>The port for TLS, where the settings open one.</summary>
    public int TlsPort => _ports[4];

    /// <summary>The broker for its operator, with the first virtual host.</summary>
    public string Uri => $"amqp://guest:guest@127.0.0.1:{_ports[0]}";

    /// <summary>Its management interface.</summary>
    public string Management => $"http://127.0.0.1:{_ports[1]}";

    /// <summary>Starts a broker; ready when it returns.</summary>
    public static async Task<RabbitBroker> StartAsync(Func<RabbitBroker, string>? settings = null, params IEnumerable<string> plugins)
    {
        var broker = new RabbitBroker("", plugins);
        try
        {
            File.AppendAllText(broker._folder.File("rabbitmq.conf"), settings?.Invoke(broker) ?? "");
            await broker.StartAgainAsync();
            return broker;
        }
        catch
        {
            broker.Dispose();
            throw;
        }
    }

    /// <summary>Starts it on what it has; ready when it returns.</summary>
    public async Task StartAgainAsync()
    {
        // What goes on then must not go on within the reader of its output, which a kill waits for.
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new Queue<string>();
        var process = new Process { StartInfo = Quiet($"{Programs}/rabbitmq-server"), EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"The broker ended:\n{Said()}"));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _running = process;
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(120));

        void Hear(string? text)
        {
            if (text is null)
                return;
            lock (said)
            {
                said.Enqueue(text);
                if (said.Count > 40)
                    said.Dequeue();
            }
            if (text.Contains("completed with", StringComparison.Ordinal))
                ready.TrySetResult();
        }

        string Said()
        {
            lock (said)
                return string.Join('\n', said);
        }
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        if (_running is not { } process)
            return;
        _running = null;
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>Stops it as an operator does.</summary>
    public async Task StopAsync()
    {
        await ControlAsync("stop");
        await _running!.WaitForExitAsync();
        _running.Dispose();
        _running = null;
    }

    /// <summary>Runs <c>rabbitmqctl</c>.</summary>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        using var process = Process.Start(Quiet($"{Programs}/rabbitmqctl", arguments))!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"rabbitmqctl {string.Join(' ', arguments)} ended with code {process.ExitCode}: {output} {await error}"
            );
    }

    public void Dispose()
    {
        Kill();
        _mapper.Kill();
        _mapper.WaitForExit();
        _mapper.Dispose();
        _folder.Dispose();
    }

    private string Settings() =>
        $"""
            listeners.tcp.1 = 127.0.0.1:{_ports[0]}
            management.tcp.ip = 127.0.0.1
            management.tcp.port = {_ports[1]}
            disk_free_limit.absolute = 50MB
            log.console = false
            log.file.level = warning

            """;

    private ProcessStartInfo Quiet(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.Path,
        };
        foreach (
            var (name, value) in (ReadOnlySpan<(string, string)>)
                [
                    ("HOME", _folder.Path),
                    ("ERL_EPMD_ADDRESS", "127.0.0.1"),
                    ("ERL_EPMD_PORT", $"{_ports[3]}"),
                    ("RABBITMQ_NODENAME", $"statecast{_ports[0]}@localhost"),
                    ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"),
                    ("RABBITMQ_NODE_PORT", $"{_ports[0]}"),
                    ("RABBITMQ_DIST_PORT", $"{_ports[2]}"),
                    ("RABBITMQ_MNESIA_BASE", _folder.File("data")),
                    ("RABBITMQ_LOG_BASE", _folder.File("log")),
                    ("RABBITMQ_PID_FILE", _folder.File("pid")),
                    ("RABBITMQ_CONFIG_FILE", _folder.File("rabbitmq")),
                    ("RABBITMQ_CONF_ENV_FILE", _folder.File("env.conf")),
                    ("RABBITMQ_ENABLED_PLUGINS_FILE", _folder.File("enabled_plugins")),
                    ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none"),
                ]
        )
            start.Environment[name] = value;
        return start;
    }
}
