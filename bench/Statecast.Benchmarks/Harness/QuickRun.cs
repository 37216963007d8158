using System.Diagnostics;
using System.Text.Json;

namespace Statecast.Benchmarks.Harness;

/// <summary>Runs suites and prints their rows: JSON lines or a table on standard output, progress on standard error.</summary>
internal static class QuickRun
{
    public static async Task<int> RunAsync(IReadOnlyList<ISuite> suites, IReadOnlyList<string> args)
    {
        QuickOptions options;
        try
        {
            options = QuickOptions.Parse(args);
            foreach (var name in options.Suites)
                if (suites.All(s => s.Name != name))
                    throw new ArgumentException($"There is no suite '{name}'; there are {string.Join(", ", suites.Select(s => s.Name))}.");
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            await Console.Error.WriteLineAsync(QuickOptions.Usage);
            return 2;
        }
        using var scratch = ScratchDirectory.Create(options.Scratch);
        var rows = new List<Row>();
        foreach (var suite in suites.Where(s => options.Suites.Count == 0 || options.Suites.Contains(s.Name)))
        {
            var started = Stopwatch.GetTimestamp();
            await Console.Error.WriteLineAsync($"{suite.Name}");
            await foreach (
                var row in suite.RunAsync(
                    new(scratch.Sub(suite.Name), Console.Error, options.Rounds, options.Events) { Parts = options.Parts }
                )
            )
            {
                rows.Add(row);
                if (options.Json)
                    Console.WriteLine(JsonSerializer.Serialize(Rounded(row), RowJson.Default.Row));
            }
            await Console.Error.WriteLineAsync($"{suite.Name}: {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
        }
        if (!options.Json)
            RowTable.Write(rows, Console.Out);
        return 0;
    }

    private static Row Rounded(Row row) => row with { Ours = Figure.Round(row.Ours), Peer = Rounded(row.Peer), Limit = Rounded(row.Limit) };

    private static Reference? Rounded(Reference? reference) =>
        reference is null ? null : reference with { Value = Figure.Round(reference.Value) };
}
