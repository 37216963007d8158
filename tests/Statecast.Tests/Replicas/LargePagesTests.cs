using Statecast.Replicas.InMemory;
using Xunit;

namespace Statecast.Tests.Replicas;

/// <summary>Whether or not the system has large pages to give, nothing is lost when they are asked for.</summary>
public sealed class LargePagesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((8 << 20) + 12345)]
    public void Gathered_array_is_what_it_was_and_can_be_written(int size)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        new Random(size).NextBytes(bytes);
        var before = bytes.ToArray();

        LargePages.Gather(bytes);
        LargePages.Gather(bytes);

        Assert.True(bytes.AsSpan().SequenceEqual(before));
        bytes.AsSpan().Fill(7);
        Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)7));
    }

    [Fact]
    public void Array_without_items_has_no_pages() => LargePages.Gather(GC.AllocateUninitializedArray<long>(0, pinned: true));
}
