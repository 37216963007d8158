using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Statecast.Integration.Tests.Samples;

/// <summary>A sample that stays up until it is interrupted, as by Ctrl+C.</summary>
internal sealed class ServedSample : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ServedSample(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static ServedSample Start(string sample, params string[] arguments) =>
        new(
            Process.Start(
                new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{sample}.dll"), .. arguments])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!
        );

    /// <summary>Waits until the sample has written something.</summary>
    public async Task<Match> FindAsync(string pattern, TimeSpan patience)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var written = Written();
            if (Regex.Match(written, pattern) is { Success: true } found)
                return found;
            if (_process.HasExited || waited.Elapsed > patience)
                throw new TimeoutException($"Nothing like '{pattern}' was written:\n{written}");
            await Task.Delay(100);
        }
    }

    /// <summary>Interrupts it, as Ctrl+C does, and waits for its end.</summary>
    public async Task<SampleProcess> InterruptAsync(TimeSpan patience)
    {
        // What was started in the background of a script without job control ignores interrupts, and so does all that it starts: then as a service manager does.
        var signal = IgnoresInterrupts(await File.ReadAllLinesAsync($"/proc/{_process.Id}/status")) ? "-TERM" : "-INT";
        using (var kill = Process.Start("kill", [signal, $"{_process.Id}"]))
            await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(patience);
        return new(_process.ExitCode, Written(), "");
    }

    private static bool IgnoresInterrupts(string[] status)
    {
        const int interrupt = 2;
        var ignored = status.Single(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)).Split('\t')[1];
        return (Convert.ToUInt64(ignored, 16) >> (interrupt - 1) & 1) == 1;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private string Written()
    {
        lock (_output)
            return _output.ToString();
    }

    private void Add(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
    }
}
