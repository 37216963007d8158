namespace Statecast.Benchmarks.Harness;

/// <summary>A group of cases that share contenders and set-up.</summary>
internal interface ISuite
{
    /// <summary>The name, for <c>--suite</c> and in every row.</summary>
    string Name { get; }

    /// <summary>Measures; rows come as they are known.</summary>
    IAsyncEnumerable<Row> RunAsync(QuickContext context);
}

/// <summary>What a suite is given.</summary>
/// <param name="Scratch">A directory of its own, removed afterwards.</param>
/// <param name="Progress">Where progress goes; standard output is for rows only.</param>
/// <param name="Rounds">How often every contender runs; the row holds the median.</param>
/// <param name="Events">How many events a suite that moves a million moves instead; null for a million.</param>
internal sealed record QuickContext(string Scratch, TextWriter Progress, int Rounds, int? Events)
{
    /// <summary>The parts that are wanted, of a suite that has parts; none for all.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    public bool Wants(string part) => Parts.Count == 0 || Parts.Contains(part);
}
