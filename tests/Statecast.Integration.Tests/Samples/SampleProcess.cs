using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Statecast.Integration.Tests.Samples;

/// <summary>Runs a sample as its user does: as a process, judged by what it writes and how it ends.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
internal sealed record SampleProcess(int Code, string Output, string Errors)
{
    /// <summary>Ends a sample that hangs; one that does not may be slow, as other tests keep the machine busy beside it.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(10);

    /// <summary>The one JSON object that standard output holds, and nothing else.</summary>
    public JsonElement Json()
    {
        Assert.Single(Output.TrimEnd().Split('\n'));
        using var document = JsonDocument.Parse(Output);
        return document.RootElement.Clone();
    }

    /// <summary>Runs a sample to its end.</summary>
    public static Task<SampleProcess> RunAsync(string sample, TimeSpan patience, params string[] arguments) =>
        RunAsync(sample, patience, null, arguments);

    /// <summary>Runs a sample to its end, with an environment variable that its child processes see too.</summary>
    public static async Task<SampleProcess> RunAsync(
        string sample,
        TimeSpan patience,
        KeyValuePair<string, string>? variable,
        params string[] arguments
    )
    {
        // The samples stand beside the tests: a reference copies an executable with all that it needs.
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{sample}.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        if (variable is { } told)
            start.Environment[told.Key] = told.Value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{sample} did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            // Its services end with it: their standard input does.
            process.Kill();
            throw new TimeoutException($"{sample} took longer than {patience}. It wrote:\n{await errors}\n{await output}");
        }
        return new(process.ExitCode, await output, await errors);
    }

    /// <summary>Fails with all that the sample wrote.</summary>
    public void RequireSuccess() => Assert.True(Code == 0, $"exit code {Code}\n{Errors}\n{Output}");
}
