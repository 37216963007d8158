using Statecast.Events;
using Xunit;
using static Statecast.Tests.Consuming.PlannerWorld;

namespace Statecast.Tests.Consuming;

/// <summary>A change that says again what a Snapshot wrote.</summary>
public sealed class ConfirmedSnapshotTests
{
    [Fact]
    public async Task State_stays_whole_where_no_handler_is_told_of_it()
    {
        var world = new PlannerWorld();
        await world.Apply(Event("a", 1, "one", StateOperation.Snapshot));
        await world.Apply(Event("a", 1, "one"));
        Assert.Equal("one", await world.StateOf("a"));
    }
}
