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
internal sealed record QuickContext(string Scratch, TextWriter Progress, int Rounds);
