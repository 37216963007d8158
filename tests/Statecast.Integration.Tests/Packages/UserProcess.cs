using System.Diagnostics;
using System.Text;
using Xunit;

namespace Statecast.Integration.Tests.Packages;

/// <summary>A program that a user starts in a folder of their own. What it writes is collected; it ends with the test.</summary>
internal sealed class UserProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task _reading;
    private readonly string _command;

    public UserProcess(string folder, string program, params string[] arguments)
    {
        _command = $"{program} {string.Join(' ', arguments)}";
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The runner's own settings must not leak into the user's build.
        start.Environment.Remove("MSBUILDNODEHANDSHAKESALT");
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        _process = Process.Start(start)!;
        _reading = Task.WhenAll(CollectAsync(_process.StandardOutput), CollectAsync(_process.StandardError));
    }

    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Runs a program to its end, which must be a good one.</summary>
    /// <returns>What it wrote.</returns>
    public static async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        var (code, output) = await EndAsync(folder, program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}:\n{output}");
        return output;
    }

    /// <summary>Runs a program to its end, be it good or bad.</summary>
    public static async Task<(int Code, string Output)> EndAsync(string folder, string program, params string[] arguments)
    {
        using var process = new UserProcess(folder, program, arguments);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        try
        {
            await process._process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{process._command} did not end within 4 minutes:\n{process.Output}");
        }
        await process._reading;
        return (process._process.ExitCode, process.Output);
    }

    /// <summary>Waits for a line that the program writes, and returns what follows the text in it.</summary>
    public async Task<string> AfterAsync(string text)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            if (Output.Split('\n').FirstOrDefault(l => l.Contains(text, StringComparison.Ordinal)) is { } line)
                return line[(line.IndexOf(text, StringComparison.Ordinal) + text.Length)..].Trim();
            Assert.False(_process.HasExited && _reading.IsCompleted, $"{_command} ended without '{text}':\n{Output}");
            Assert.False(deadline.IsCancellationRequested, $"{_command} did not write '{text}' within a minute:\n{Output}");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }
        _process.Dispose();
    }

    private async Task CollectAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
            lock (_output)
                _output.AppendLine(line);
    }
}
