using Xunit;

namespace Statecast.Simulation.Models;

/// <summary>The evidence for docs/adr/0010: not seeds, but every order of steps within the model's bounds.</summary>
public sealed class GapsModelTests(ITestOutputHelper output)
{
    [Fact]
    public void No_order_of_steps_deceives_a_target_for_which_gaps_count()
    {
        var model = new GapsModel(gapsCount: true, revisions: 3, late: 2);
        Assert.Null(model.Explore());
        output.WriteLine($"{model.States} states");
        Assert.InRange(model.States, 50_000, int.MaxValue);
    }

    [Fact]
    public void Word_on_what_compaction_took_deceives_one_for_which_they_do_not()
    {
        var trace = new GapsModel(gapsCount: false, revisions: 2, late: 1).Explore();
        output.WriteLine(string.Join('\n', trace ?? []));
        Assert.Equal(11, trace?.Count);
    }
}
