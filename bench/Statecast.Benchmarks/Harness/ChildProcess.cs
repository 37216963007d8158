using System.Diagnostics;
using System.Reflection;

namespace Statecast.Benchmarks.Harness;

/// <summary>
/// Another process of this program, driven line by line: commands on its standard input, one answer each on its standard output.
/// It ends when its standard input does, so it outlives neither a parent that is killed nor one that forgets it.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    public const string RoleOption = "--role";

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(3);
    private readonly Process _process;

    private ChildProcess(Process process, string name)
    {
        _process = process;
        Name = name;
    }

    public string Name { get; }

    /// <summary>Starts a role and waits until it is ready.</summary>
    /// <exception cref="InvalidOperationException">It ended instead.</exception>
    public static async Task<ChildProcess> StartAsync(string role, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        // Run by the host (dotnet x.dll) or as a program of its own.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        foreach (var arg in (string[])[RoleOption, role, .. args])
            start.ArgumentList.Add(arg);
        var process = Process.Start(start) ?? throw new InvalidOperationException($"'{start.FileName}' could not be started.");
        var child = new ChildProcess(process, $"{role} {string.Join(' ', args.Take(1))}");
        await child.AnswerAsync();
        return child;
    }

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <exception cref="InvalidOperationException">The process ended, or did not answer in time.</exception>
    public async Task<string> AskAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
        return await AnswerAsync();
    }

    /// <summary>The answer as whole numbers, separated by blanks.</summary>
    public async Task<long[]> AskNumbersAsync(string command) =>
        [.. (await AskAsync(command)).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)];

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private async Task<string> AnswerAsync()
    {
        using var patience = new CancellationTokenSource(AnswerTimeout);
        try
        {
            return await _process.StandardOutput.ReadLineAsync(patience.Token)
                ?? throw new InvalidOperationException($"The process '{Name}' ended; see its message above.");
        }
        catch (OperationCanceledException)
        {
            throw new InvalidOperationException($"The process '{Name}' did not answer within {AnswerTimeout}.");
        }
    }
}
