using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Statecast.Integration.Tests.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Registry;

/// <summary>A registry of its own for a test, which may be killed and brought back with what it holds.</summary>
internal sealed class RealRegistry : IAsyncDisposable
{
    private readonly string _script;
    private readonly TempDirectory _directory = new();
    private readonly int _port;

    private RealRegistry(string script, int port) => (_script, _port) = (script, port);

    public string Url { get; private set; } = "";

    /// <summary>Why none can be started here; null if one can.</summary>
    public static string? Obstacle =>
        FindScript() is null
            ? "STATECAST_REGISTRY_HOME names no folder with the script 'registry', and there is no shared/registry beside the checkout."
        : HasJava() ? null
        : "The registry needs Java 17 (Debian: openjdk-17-jre-headless): install it, or set JAVA_HOME.";

    /// <summary>Starts one; skips the test where none can be.</summary>
    public static async Task<RealRegistry> StartAsync()
    {
        Assert.SkipWhen(Obstacle is not null, Obstacle ?? "");
        var script = FindScript()!;
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var registry = new RealRegistry(script, port);
        try
        {
            await registry.UpAsync();
        }
        catch
        {
            await registry.DisposeAsync();
            throw;
        }
        return registry;
    }

    public async Task UpAsync()
    {
        Url = $"http://127.0.0.1:{_port}/apis/ccompat/v7";
        try
        {
            await RunAsync("start", _port.ToString(CultureInfo.InvariantCulture));
        }
        catch (InvalidOperationException e) when (e.Message.Contains("not ready", StringComparison.Ordinal))
        {
            // The script waits for a minute, which a machine that does everything at once may need for the first start. What it started goes on.
            await AnswersAsync(e);
        }
    }

    private async Task AnswersAsync(InvalidOperationException late)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        for (var deadline = DateTime.UtcNow.AddMinutes(4); ; await Task.Delay(TimeSpan.FromSeconds(1)))
        {
            string seen;
            try
            {
                using var answer = await client.GetAsync(new Uri(Url + "/subjects"));
                if (answer.IsSuccessStatusCode)
                    return;
                seen = answer.StatusCode.ToString();
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                seen = e.Message;
            }
            if (DateTime.UtcNow < deadline)
                continue;
            var end = string.Join('\n', File.ReadLines(Path.Combine(_directory.Path, "out.log")).TakeLast(30));
            throw new InvalidOperationException($"{late.Message}; nor after four more minutes ({seen}). It ends with:\n{end}");
        }
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => RunAsync("kill");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _directory.Dispose();
    }

    // In STATECAST_REGISTRY_HOME, else in shared/registry beside the checkout or above.
    private static string? FindScript()
    {
        if (Environment.GetEnvironmentVariable("STATECAST_REGISTRY_HOME") is { Length: > 0 } home)
            return Path.Combine(home, "registry") is var named && File.Exists(named) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, "shared", "registry", "registry") is var script && File.Exists(script))
                return script;
        return null;
    }

    private static bool HasJava() =>
        Environment.GetEnvironmentVariable("JAVA_HOME") is { Length: > 0 }
        || (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "java")));

    // The script leaves the server behind, which must not keep our pipes open: it writes to a file of its own.
    private async Task<string> RunAsync(string command, params string[] more)
    {
        using var process = Process.Start(
            new ProcessStartInfo("bash", [_script, command, _directory.Path, .. more])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                // It lives for seconds: compiled well it would start in twice the time.
                Environment = { ["REGISTRY_OPTS"] = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1" },
            }
        )!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        return process.ExitCode == 0 ? (await output).Trim() : throw new InvalidOperationException($"registry {command}: {await errors}");
    }
}
