using System.Globalization;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Tests.Replicas;

public sealed class BatchKeysTests
{
    [Fact]
    public void Keys_are_numbered_once_in_the_order_they_came()
    {
        var keys = new BatchKeys();
        for (var i = 0; i < 10_000; i++)
            Assert.Equal(i % 3_000, keys.Add(Key(i % 3_000)));
        Assert.Equal(3_000, keys.Count);
        Assert.Equal(Enumerable.Range(0, 3_000).Select(Key), keys);
        for (var i = 0; i < 3_000; i++)
        {
            Assert.Equal(KeyHash.Of(Key(i)), keys.HashOf(i));
            Assert.Equal(i, keys.Find(Key(i), from: i));
            Assert.Equal(i, keys.Find(Key(i), from: (i * 7) % 3_000));
        }
        Assert.Equal(-1, keys.Find("another", from: 0));
    }

    [Fact]
    public void Nothing_is_left_of_the_last_batch_large_or_small()
    {
        var keys = new BatchKeys();
        foreach (var count in (int[])[5_000, 3, 40, 5_000, 1, 0, 7])
        {
            for (var i = 0; i < count; i++)
                Assert.Equal(i, keys.Add(Key(i)));
            keys.Clear();
            Assert.Empty(keys);
            Assert.Equal(-1, keys.Find(Key(0), from: 0));
        }
    }

    [Fact]
    public void Hashes_of_keys_that_differ_in_one_character_are_spread()
    {
        foreach (var length in (int[])[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 36, 100])
        {
            var hashes = new HashSet<int> { KeyHash.Of(new string('a', length)) };
            for (var at = 0; at < length; at++)
            for (var c = 'b'; c <= 'z'; c++)
                hashes.Add(KeyHash.Of(new string('a', at) + c + new string('a', length - at - 1)));
            Assert.InRange(hashes.Count, (25 * length) - 1, (25 * length) + 1);
        }
        Assert.Equal(KeyHash.Of(""), KeyHash.Of([]));
        Assert.NotEqual(KeyHash.Of("\0"), KeyHash.Of("\0\0"));
    }

    private static string Key(int number) => string.Create(CultureInfo.InvariantCulture, $"key-{number:D6}");
}
