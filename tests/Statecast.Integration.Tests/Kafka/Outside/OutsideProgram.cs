using System.Diagnostics;
using Xunit;

namespace Statecast.Integration.Tests.Kafka.Outside;

/// <summary>Programs that know nothing of this library: Debian's kcat, and scripts on its Python client for Kafka.</summary>
internal static class OutsideProgram
{
    private const string Interpreter = "/usr/bin/python3";
    private const string Kcat = "/usr/bin/kcat";

    private static readonly Lazy<bool> HasKafka = new(() => Has("confluent_kafka"));
    private static readonly Lazy<bool> HasAvro = new(() => Has("avro.io"));

    /// <summary>Skips the test where they are not installed, which fails a strict run.</summary>
    public static void Require() =>
        Assert.SkipUnless(
            File.Exists(Kcat) && HasKafka.Value,
            "Debian's kcat and python3-confluent-kafka are not installed: run ./test as root, or apt-get install kcat python3-confluent-kafka."
        );

    /// <summary>The same of Python's Avro.</summary>
    public static void RequireAvro() =>
        Assert.SkipUnless(HasAvro.Value, "Debian's python3-avro is not installed: run ./test as root, or apt-get install python3-avro.");

    /// <summary>Runs one of the scripts beside this file.</summary>
    /// <returns>What it printed.</returns>
    public static Task<string> PythonAsync(string script, IEnumerable<string> arguments, string input = "") =>
        OutputAsync(Interpreter, [Path.Combine(AppContext.BaseDirectory, "Kafka", "Outside", script), .. arguments], input);

    public static Task<string> KcatAsync(params string[] arguments) => OutputAsync(Kcat, arguments, "");

    private static bool Has(string module) =>
        File.Exists(Interpreter) && RunAsync(Interpreter, ["-c", $"import {module}"], "").GetAwaiter().GetResult().Code == 0;

    private static async Task<string> OutputAsync(string program, IReadOnlyList<string> arguments, string input)
    {
        var (code, output, error) = await RunAsync(program, arguments, input);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with code {code}: {error}");
        return output;
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string input
    )
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
