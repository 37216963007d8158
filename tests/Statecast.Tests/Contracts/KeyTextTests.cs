using System.Text;
using CsCheck;
using Statecast.Contracts;
using Statecast.Tests.Serialization;
using Xunit;

namespace Statecast.Tests.Contracts;

public sealed class KeyTextTests
{
    private static readonly StateContract<TwoTexts.Key, TwoTexts> Two = (StateContract<TwoTexts.Key, TwoTexts>)StateContract.Of<TwoTexts>();
    private static readonly StateContract<string, TextKey> One = (StateContract<string, TextKey>)StateContract.Of<TextKey>();

    private static readonly Gen<string> Parts = Samples
        .Text.Where(t => t.Length > 0)
        .Select(Gen.OneOf(Gen.Const(""), Gen.Const("/"), Gen.Const("%"), Gen.Const("%2F"), Gen.Const("a")), (text, more) => more + text);

    [Theory]
    [InlineData("plain-Text_1.2~3", "plain-Text_1.2~3")]
    [InlineData("a/b", "a%2Fb")]
    [InlineData("100%", "100%25")]
    [InlineData(" ", "%20")]
    [InlineData("ü", "%C3%BC")]
    [InlineData("😀", "%F0%9F%98%80")]
    [InlineData("\0", "%00")]
    [InlineData("!*'();:@&=+$,?#[]", "%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%3F%23%5B%5D")]
    public void Part_is_percent_encoded_utf8(string value, string text)
    {
        Assert.Equal(text, KeyText.Part("p", value));
        Assert.Equal(value, KeyText.Value(text));
    }

    [Fact]
    public void Different_keys_have_different_texts() =>
        Gen.Select(Parts, Parts, Parts, Parts)
            .Sample(
                (a, b, c, d) =>
                {
                    var (left, right) = (new TwoTexts.Key(a, b), new TwoTexts.Key(c, d));
                    Assert.Equal(left == right, Two.FormatKey(left) == Two.FormatKey(right));
                }
            );

    [Fact]
    public void Text_reads_back_as_the_key() =>
        Gen.Select(Parts, Parts)
            .Sample(
                (a, b) =>
                {
                    var key = new TwoTexts.Key(a, b);
                    Assert.Equal(key, Two.ParseKey(Two.FormatKey(key)));
                    Assert.Equal(a, One.ParseKey(One.FormatKey(a)));
                }
            );

    [Fact]
    public void Any_text_that_reads_is_the_one_form_of_its_key() =>
        Gen.OneOf(
                Parts,
                Gen.Select(Parts, Parts, (a, b) => $"{a}/{b}"),
                Gen.Select(Parts, Parts, (a, b) => Two.FormatKey(new(a, b))),
                Gen.Char["%/0123456789ABCDEFabcdef"].Array[0, 12].Select(c => new string(c))
            )
            .Sample(text =>
            {
                TwoTexts.Key key;
                try
                {
                    key = Two.ParseKey(text);
                }
                catch (FormatException)
                {
                    return;
                }
                Assert.Equal(text, Two.FormatKey(key));
            });

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a/")]
    [InlineData("/a")]
    [InlineData("a/b/c")]
    [InlineData("a/b c")]
    [InlineData("a/%")]
    [InlineData("a/%2")]
    [InlineData("a/%2f")]
    [InlineData("a/%41")]
    [InlineData("a/%GG")]
    [InlineData("a/%C3")]
    [InlineData("a/%C0%80")]
    [InlineData("a/%ED%A0%80")]
    [InlineData("a/ü")]
    public void Malformed_text_is_refused(string text) => Assert.Throws<FormatException>(() => Two.ParseKey(text));

    [Fact]
    public void Empty_part_is_refused()
    {
        var defect = Assert.Throws<StateValueException>(() => Two.KeyTextOf(new("a", "")));
        Assert.Equal("TwoTexts.Second", defect.Path);
        Assert.Throws<StateValueException>(() => One.KeyTextOf(new("")));
        Assert.Throws<StateValueException>(() => One.KeyTextOf(new(null!)));
    }

    [Fact]
    public void Lone_surrogate_is_refused()
    {
        var defect = Assert.Throws<StateValueException>(() => One.KeyTextOf(new("a\uD800")));
        Assert.Contains("lone surrogate", defect.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(512, "x", true)]
    [InlineData(513, "x", false)]
    [InlineData(170, "/", true)]
    [InlineData(171, "/", false)]
    public void Text_of_at_most_512_bytes_travels(int count, string repeated, bool travels)
    {
        var key = string.Concat(Enumerable.Repeat(repeated, count));
        if (travels)
            Assert.InRange(One.FormatKey(key).Length, 510, KeyText.MaxBytes);
        else
            Assert.Contains("512 bytes", Assert.Throws<StateValueException>(() => One.FormatKey(key)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Composite_text_counts_as_a_whole()
    {
        var half = new string('x', 256);
        Assert.Equal(512, Two.FormatKey(new(half, half[1..])).Length);
        Assert.Throws<StateValueException>(() => Two.FormatKey(new(half, half)));
    }

    [Fact]
    public void Text_longer_than_any_key_is_refused_when_read()
    {
        Assert.Throws<FormatException>(() => One.ParseKey(new string('x', 513)));
        Assert.Throws<ArgumentException>(() => KeyText.Bucket(new string('x', 513)));
    }

    [Theory]
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [InlineData("abc", 479470107)]
    public void Murmur2_is_that_of_Kafka(string text, int hash)
    {
        Assert.Equal(hash, (int)KeyText.Murmur2(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(hash & 4095, KeyText.Bucket(text));
    }

    [Fact]
    public void Lane_is_Kafkas_partition_for_powers_of_two() =>
        Gen.Select(Parts, Gen.Int[0, 12])
            .Sample(
                (value, power) =>
                {
                    var text = KeyText.Part("p", value);
                    // Kafka's partitioner: toPositive(murmur2(key)) % partitions.
                    var kafka = (int)(KeyText.Murmur2(Encoding.UTF8.GetBytes(text)) & 0x7fffffff) % (1 << power);
                    Assert.Equal(kafka, KeyText.Lane(text, 1 << power));
                }
            );
}
