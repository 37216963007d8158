using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Xunit;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>One explicit test of this assembly in a process of its own, told by environment variables; ends by SIGKILL.</summary>
internal sealed partial class ChildProcess : IDisposable
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

    /// <summary>Waits for what the child does, by default for a minute.</summary>
    public async Task Until(Func<bool> done, CancellationToken ct, TimeSpan? patience = null)
    {
        var deadline = Stopwatch.StartNew();
        while (!done())
        {
            Assert.False(_process.HasExited, "The child process ended early.");
            Assert.True(deadline.Elapsed < (patience ?? TimeSpan.FromMinutes(1)), "The child process did not do its part in time.");
            await Task.Delay(10, ct);
        }
    }

    /// <summary>The most memory that it had in use at once, in bytes.</summary>
    public long PeakBytes()
    {
        // "VmHWM:	  123456 kB", of a process that still runs.
        const string Peak = "VmHWM:";
        var line = File.ReadLines($"/proc/{_process.Id}/status").Single(l => l.StartsWith(Peak, StringComparison.Ordinal));
        return long.Parse(line[Peak.Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>SIGSTOP: it stands still, and keeps what it holds, connections and locks.</summary>
    public void Stop() => Signal(19);

    /// <summary>SIGSTOP in the midst of something: looked at while it stands still, so that what is seen is what it is killed in.</summary>
    public async Task StopMidway(Func<bool> isMidway, CancellationToken ct, TimeSpan? patience = null)
    {
        while (true)
        {
            await Until(isMidway, ct, patience);
            Stop();
            if (isMidway())
                return;
            Continue();
        }
    }

    /// <summary>SIGCONT: it goes on as if no time had passed.</summary>
    public void Continue() => Signal(18);

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

    // The numbers are Linux's, of every processor that .NET runs on.
    private void Signal(int number)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are stopped by Linux's signals.");
        if (kill(_process.Id, number) != 0)
            throw new InvalidOperationException($"kill said {Marshal.GetLastPInvokeError()}.");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);
}
