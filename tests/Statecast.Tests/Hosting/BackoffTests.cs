using System.Buffers.Binary;
using Statecast.Hosting;
using Xunit;

namespace Statecast.Tests.Hosting;

/// <summary>Full jitter: anywhere between nothing and a bound that doubles up to a cap.</summary>
public sealed class BackoffTests
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(700);

    [Theory]
    [InlineData(0, 50)]
    [InlineData(1, 100)]
    [InlineData(2, 200)]
    [InlineData(3, 400)]
    [InlineData(4, 700)]
    [InlineData(5, 700)]
    [InlineData(1_000_000, 700)]
    public void Wait_lies_between_zero_and_a_bound_that_doubles(int failures, double bound)
    {
        var entropy = new ScriptedEntropy();
        var backoff = new Backoff(entropy, First, Most);
        entropy.Next = 0;
        Assert.Equal(TimeSpan.Zero, backoff.Wait(failures));
        entropy.Next = uint.MaxValue / 2 + 1;
        Assert.Equal(bound / 2, backoff.Wait(failures).TotalMilliseconds, 3);
        entropy.Next = uint.MaxValue;
        Assert.InRange(backoff.Wait(failures).TotalMilliseconds, bound - 0.001, bound);
    }

    [Fact]
    public void Failures_count_until_a_success()
    {
        var backoff = new Backoff(new ScriptedEntropy { Next = uint.MaxValue / 2 + 1 }, First, Most);
        Assert.Equal([25, 50, 100, 200, 350, 350], Enumerable.Range(0, 6).Select(_ => backoff.Next().TotalMilliseconds));
        backoff.Reset();
        Assert.Equal(25, backoff.Next().TotalMilliseconds);
    }

    [Fact]
    public void Waits_are_spread_evenly_over_the_whole_range()
    {
        var backoff = new Backoff(new SeededEntropy(), First, Most);
        var tenths = new int[10];
        for (var i = 0; i < 10_000; i++)
            tenths[(int)(backoff.Wait(2).TotalMilliseconds / 20)]++;
        // 1,000 are expected in each; ten standard deviations are 300.
        Assert.All(tenths, count => Assert.InRange(count, 700, 1300));
    }

    private sealed class ScriptedEntropy : IEntropy
    {
        public uint Next { get; set; }

        public void Fill(Span<byte> destination) => BinaryPrimitives.WriteUInt32LittleEndian(destination, Next);
    }

    private sealed class SeededEntropy : IEntropy
    {
        private readonly Random _random = new(1);

        public void Fill(Span<byte> destination) => _random.NextBytes(destination);
    }
}
