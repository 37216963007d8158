using Statecast.Consuming;
using Xunit;

namespace Statecast.Tests.Consuming;

/// <summary>Batches grow while more waits, and are small again once nothing does.</summary>
public sealed class BatchSizeTests
{
    [Fact]
    public void Batch_doubles_while_more_waits_up_to_the_most()
    {
        var size = new BatchSize(100, 700);
        foreach (var next in (int[])[200, 400, 700, 700])
        {
            size.Came(size.Next, size.Next, more: true);
            Assert.Equal(next, size.Next);
        }
    }

    [Fact]
    public void Batch_is_small_again_when_the_tail_is_found()
    {
        var size = new BatchSize(100, 700);
        size.Came(100, 100, more: true);
        size.Came(200, 200, more: false);
        Assert.Equal(100, size.Next);
    }

    [Fact]
    public void Batch_cut_by_its_bytes_does_not_grow()
    {
        var size = new BatchSize(100, 700);
        size.Came(60, 60, more: true);
        Assert.Equal(100, size.Next);
    }

    [Fact]
    public void Batch_never_grows_where_the_most_is_less()
    {
        var size = new BatchSize(100, 10);
        size.Came(100, 100, more: true);
        Assert.Equal(100, size.Next);
    }

    [Theory]
    [InlineData(160, 151, 160)]
    [InlineData(160, 150, 320)]
    [InlineData(160, 1, 320)]
    public void Batch_in_memory_grows_only_where_keys_come_again(int events, int keys, int next)
    {
        var size = new BatchSize(160, 700, forRepeats: true);
        size.Came(events, keys, more: true);
        Assert.Equal(next, size.Next);
    }

    [Fact]
    public void Batch_in_memory_is_small_again_once_keys_do_not_come_again()
    {
        var size = new BatchSize(160, 700, forRepeats: true);
        size.Came(160, 20, more: true);
        size.Came(320, 320, more: true);
        Assert.Equal(160, size.Next);
    }
}
