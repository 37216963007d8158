using Statecast.Events;
using Xunit;

namespace Statecast.Tests.Events;

/// <summary>The lane of one target's own queue, and its name in an outbox.</summary>
public sealed class SnapshotLaneTests
{
    private static readonly LaneId Live = new("shop.order.v1", 3);

    [Theory]
    [InlineData("shop.order.v1.shipping.3")]
    [InlineData("amqp://x/y>z é")]
    public void Lane_and_address_come_back(string replyTo)
    {
        var lane = SnapshotLane.Of(Live, replyTo);
        Assert.NotEqual(Live, lane);
        Assert.True(SnapshotLane.Is(lane));
        Assert.Equal(Live, SnapshotLane.LiveOf(lane));
        Assert.True(SnapshotLane.TryParse(lane, out var live, out var address));
        Assert.Equal((Live, replyTo), (live, address));
    }

    [Fact]
    public void Live_lane_is_none()
    {
        Assert.False(SnapshotLane.Is(Live));
        Assert.False(SnapshotLane.TryParse(Live, out var live, out var address));
        Assert.Equal((Live, null), (live, address));
        Assert.Equal(Live, SnapshotLane.LiveOf(Live));
    }

    [Fact]
    public void Snapshot_lane_has_none_of_its_own()
    {
        Assert.Throws<ArgumentException>(() => SnapshotLane.Of(SnapshotLane.Of(Live, "a"), "b"));
        Assert.Throws<ArgumentException>(() => SnapshotLane.Of(Live, ""));
    }
}
