using Xunit;

namespace Statecast.Integration.Tests.Samples;

[Collection(SamplesCollection.Name)]
public sealed class MediatorTests
{
    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    [InlineData("3")]
    public async Task Replica_cache_and_orders_are_right_at_the_end(string seed)
    {
        var run = await SampleProcess.RunAsync("Store", SampleProcess.Patience, "--bookings", "8000", "--seed", seed);
        run.RequireSuccess();
        Assert.Contains("Verdict: right.", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("WRONG", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verdict_notices_a_damaged_cache()
    {
        var run = await SampleProcess.RunAsync("Store", SampleProcess.Patience, "--spoil");
        Assert.Equal(1, run.Code);
        Assert.Contains("Verdict: WRONG.", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("--bookings")]
    [InlineData("--bookings", "399")]
    public async Task Command_line_that_makes_no_sense_is_answered_with_usage(params string[] arguments)
    {
        var run = await SampleProcess.RunAsync("Store", SampleProcess.Patience, arguments);
        Assert.Equal(2, run.Code);
        Assert.Contains("Usage: Store", run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Changes_reach_the_handlers_of_another_mediator()
    {
        var run = await SampleProcess.RunAsync("MediatorNotifications", SampleProcess.Patience);
        run.RequireSuccess();
        Assert.Equal(["hall is lit", "hall is dark", "hall is gone"], run.Output.TrimEnd().ReplaceLineEndings("\n").Split('\n'));
    }
}
