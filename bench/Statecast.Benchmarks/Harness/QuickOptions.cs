namespace Statecast.Benchmarks.Harness;

/// <summary>The command line of a quick run.</summary>
internal sealed record QuickOptions
{
    public const string Usage = """
        dotnet run -c Release --project bench/Statecast.Benchmarks -- --quick [--json] [--suite NAME]... [--rounds N] [--events N] [--part NAME]... [--scratch DIR]
          --quick        every suite, in minutes; without it: BenchmarkDotNet, for example --filter '*Codec*'
          --json         one JSON object a row on standard output; otherwise a table
          --suite NAME   only this suite
          --rounds N     how often every contender runs (default 5); a row holds the median
          --events N     how many events the suites kafka and rabbitmq move (default 1,000,000 and 200,000)
          --part NAME    only this part of the suite. kafka and rabbitmq: source, target (memory, peer, sqlite), bootstrap, latency; replica: memory, steady, catching-up;
                         growth: 10000, 100000, 1000000
          --scratch DIR  where databases and logs are made (default: the system's temporary directory)
        """;

    public bool Json { get; private init; }

    public IReadOnlyList<string> Suites { get; private init; } = [];

    public int Rounds { get; private init; } = 5;

    public int? Events { get; private init; }

    public IReadOnlyList<string> Parts { get; private init; } = [];

    public string? Scratch { get; private init; }

    /// <exception cref="ArgumentException">The command line is not as the usage says.</exception>
    public static QuickOptions Parse(IReadOnlyList<string> args)
    {
        var options = new QuickOptions();
        for (var i = 0; i < args.Count; i++)
            options = args[i] switch
            {
                "--quick" => options,
                "--json" => options with { Json = true },
                "--suite" => options with { Suites = [.. options.Suites, Next(args, ref i)] },
                "--rounds" => options with { Rounds = Positive(Next(args, ref i)) },
                "--events" => options with { Events = Positive(Next(args, ref i)) },
                "--part" => options with { Parts = [.. options.Parts, Next(args, ref i)] },
                "--scratch" => options with { Scratch = Next(args, ref i) },
                var unknown => throw new ArgumentException($"'{unknown}' is not known."),
            };
        return options;
    }

    private static string Next(IReadOnlyList<string> args, ref int i) =>
        i + 1 < args.Count ? args[++i] : throw new ArgumentException($"'{args[i]}' needs a value.");

    private static int Positive(string text) =>
        int.TryParse(text, out var value) && value > 0 ? value : throw new ArgumentException($"'{text}' is no positive number.");
}
