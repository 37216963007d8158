using System.Diagnostics;
using Xunit;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>One explicit test of this assembly in a process of its own, told by environment variables; ends by SIGKILL.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>What the parent said.</summary>
    public static string Told(string name) =>
        Environment.GetEnvironmentVariable(name)
        ?? throw new InvalidOperationException($"This runs in a child process only: {name} is not set.");

    public static ChildProcess Start(Type type, string method, params (string Name, string Value)[] told)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The apphost is the runner itself; under "dotnet file.dll" the file has to be named.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(type.Assembly.Location);
        foreach (var argument in new[] { "-method", $"{type.FullName}.{method}", "-explicit", "only", "-noColor" })
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in told)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new(process);
    }

    /// <summary>Waits for what the child does.</summary>
    public async Task Until(Func<bool> done, CancellationToken ct)
    {
        var deadline = Stopwatch.StartNew();
        while (!done())
        {
            Assert.False(_process.HasExited, "The child process ended early.");
            Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(60), "The child process did not do its part within a minute.");
            await Task.Delay(10, ct);
        }
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }
}
