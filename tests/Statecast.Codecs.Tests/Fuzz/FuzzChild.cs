using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Statecast.Codecs.Tests.Fuzz;

/// <summary>
/// Statecast.Fuzz as a child process with a memory cap: what would end a process ends that one. The seed is always the same, so that a run can be repeated;
/// <c>STATECAST_FUZZ_SEED</c> gives another, <c>random</c> a new one, which is told.
/// </summary>
internal static class FuzzChild
{
    private const int Inputs = 1_000_000;
    private const int HeapCap = 256 * 1024 * 1024;

    private static readonly int Seed = Environment.GetEnvironmentVariable("STATECAST_FUZZ_SEED") switch
    {
        null or "" => 7,
        "random" => Random.Shared.Next(),
        var text => int.Parse(text, CultureInfo.InvariantCulture),
    };

    /// <summary>Requires that a decoder takes its corpus and a million mutations as it must.</summary>
    public static async Task RequireSoundAsync(string decoder)
    {
        var (code, output) = await RunAsync(decoder, Inputs);
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(code == 0, $"code {code}, seed {Seed}\n{output}");
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"{Inputs} mutations of seed {Seed}"),
            output,
            StringComparison.Ordinal
        );
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(string decoder, int inputs, params string[] fault)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [Program(), decoder, .. ((int[])[Seed, inputs]).Select(n => n.ToString(CultureInfo.InvariantCulture)), .. fault]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_GCHeapHardLimit"] = HeapCap.ToString("x", CultureInfo.InvariantCulture);
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using var child = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        var output = child.StandardOutput.ReadToEndAsync();
        var error = child.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(20));
        try
        {
            await child.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            throw new TimeoutException($"{decoder} did not end within 20 minutes, seed {Seed}.");
        }
        var said = await error;
        return (child.ExitCode, await output + (said.Length > 500 ? said[..500] : said));
    }

    private static string Program() => Path.Combine(AppContext.BaseDirectory, "Statecast.Fuzz.dll");
}
