using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Statecast.Codecs.Tests.Fuzz;

/// <summary>
/// Malformed inputs for every decoder, each in a child process with a memory cap. The seed is always the same, so that a run can be repeated;
/// <c>STATECAST_FUZZ_SEED</c> gives another, <c>random</c> a new one, which is told.
/// </summary>
public sealed class FuzzTests
{
    private const int Inputs = 1_000_000;
    private const int HeapCap = 256 * 1024 * 1024;

    private static readonly int Seed = Environment.GetEnvironmentVariable("STATECAST_FUZZ_SEED") switch
    {
        null or "" => 7,
        "random" => Random.Shared.Next(),
        var text => int.Parse(text, CultureInfo.InvariantCulture),
    };

    [Theory]
    [InlineData("avro")]
    [InlineData("avro-resolved")]
    [InlineData("json")]
    [InlineData("avro-patch")]
    [InlineData("json-patch")]
    [InlineData("schema")]
    [InlineData("json-schema")]
    public async Task Decoder_takes_or_refuses_any_input_within_its_bounds(string decoder)
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

    [Theory]
    [InlineData("allocation", "B were allocated")]
    [InlineData("hang", "no answer within")]
    [InlineData("exception", "IndexOutOfRangeException: planted")]
    [InlineData("no-place", "it was refused at")]
    [InlineData("memory", "OutOfMemoryException")]
    [InlineData("stack", null)]
    public async Task Planted_fault_is_found(string fault, string? says)
    {
        var (code, output) = await RunAsync("avro", 100_000, fault);
        // A stack that overflows ends the process: nobody can tell of it but its parent.
        Assert.True(code != 0, output);
        if (says is not null)
            Assert.Contains(says, output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output)> RunAsync(string decoder, int inputs, params string[] fault)
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
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        try
        {
            await child.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            throw new TimeoutException($"{decoder} did not end within 4 minutes, seed {Seed}.");
        }
        var said = await error;
        return (child.ExitCode, await output + (said.Length > 500 ? said[..500] : said));
    }

    private static string Program() => Path.Combine(AppContext.BaseDirectory, "Statecast.Fuzz.dll");
}
