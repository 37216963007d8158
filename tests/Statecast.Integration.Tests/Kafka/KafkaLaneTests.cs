using Statecast.Events;
using Statecast.Kafka.Transport;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>What a lane of a topic delivers, by the offsets that come.</summary>
public sealed class KafkaLaneTests
{
    [Theory]
    [InlineData(false, 5L, 6L)]
    [InlineData(true, 5L, 7L)]
    [InlineData(true, 6L)]
    public void Offsets_without_a_record_are_gaps(bool gaps, params long[] offsets)
    {
        var lane = Lane();
        foreach (var offset in offsets)
            lane.Take(new(null, offset));
        Assert.Equal(gaps, lane.Batch(_ => 100)!.HasGaps);

        // Said once.
        lane.Take(new(null, lane.Next));
        Assert.False(lane.Batch(_ => 100)!.HasGaps);
    }

    [Fact]
    public void Tail_beyond_the_last_record_is_a_gap_too()
    {
        var lane = Lane();
        lane.Take(new(null, 5));
        lane.FoundTail(6);
        Assert.False(lane.Batch(_ => 6)!.HasGaps);
        lane.FoundTail(8);
        Assert.True(lane.Batch(_ => 8) is { AtTail: true, HasGaps: true });
    }

    [Fact]
    public void Gap_below_a_position_that_is_sought_is_none()
    {
        var lane = Lane();
        lane.Take(new(null, 9));
        lane.Seek(20);
        lane.Take(new(null, 20));
        Assert.False(lane.Batch(_ => 100)!.HasGaps);
    }

    private static KafkaLane Lane()
    {
        var lane = new KafkaLane(new LaneId("probe.item.v1", 0), end: 100, measured: false);
        lane.Seek(5);
        return lane;
    }
}
