using Statecast.Events;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Consuming;

public sealed class UnreadableEnvelopeTests
{
    [Fact]
    public async Task Unreadable_record_stays_parked_when_it_follows_a_state()
    {
        var world = new PlannerWorld();
        await world.Apply(Delivery(new(PlannerWorld.Event("k", 1, "a"), 0), new(null, 1, "k", "corrupt")));

        var (counters, parked) = await world.Sums();
        Assert.Equal(1, parked);
        Assert.Equal(counters.Received, counters.Applied + counters.Superseded + parked);
        Assert.Equal("a", await world.StateOf("k"));
    }

    [Fact]
    public async Task Unreadable_record_is_superseded_by_a_state_that_follows()
    {
        var world = new PlannerWorld();
        await world.Apply(Delivery(new(null, 0, "k", "corrupt"), new(PlannerWorld.Event("k", 1, "a"), 1)));

        var (counters, parked) = await world.Sums();
        Assert.Equal(0, parked);
        Assert.Equal(counters.Received, counters.Applied + counters.Superseded);
    }

    private static Delivery Delivery(params ReceivedEvent[] events) =>
        new() { Batches = [new LaneBatch(PlannerWorld.Lane, events, events.Length, AtTail: true)] };
}
