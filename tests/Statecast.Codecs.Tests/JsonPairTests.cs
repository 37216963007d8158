using Xunit;

namespace Statecast.Codecs.Tests;

/// <summary>The JSON checker's verdicts beside what the generated readers do, over made-up contracts and what another version may have written.</summary>
[Collection(OracleRun.Collection)]
public sealed class JsonPairTests(OracleRun run)
{
    [Fact]
    public void Compatible_schemas_read_every_value_and_incompatible_ones_fail_at_one()
    {
        var wrong = run.JsonPairs.Where(p => p.Report.IsCompatible != p.Refusals.All(r => r is null)).ToList();
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {run.JsonPairs.Count} pairs, the first:\n{wrong.FirstOrDefault()}");
        var compatible = run.JsonPairs.Count(p => p.Report.IsCompatible);
        TestContext.Current.TestOutputHelper?.WriteLine($"{compatible} of {run.JsonPairs.Count} pairs are compatible");
        Assert.InRange(compatible, 3 * run.JsonPairs.Count / 10, 7 * run.JsonPairs.Count / 10);
    }
}
