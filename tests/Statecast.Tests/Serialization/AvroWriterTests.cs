using System.Buffers;
using System.Text;
using CsCheck;
using Statecast.Serialization.Avro;
using Xunit;

namespace Statecast.Tests.Serialization;

/// <summary>The binary encoding of Avro's specification, computed by hand.</summary>
public sealed class AvroWriterTests
{
    [Theory]
    [InlineData(0, "00")]
    [InlineData(-1, "01")]
    [InlineData(1, "02")]
    [InlineData(-2, "03")]
    [InlineData(63, "7e")]
    [InlineData(-64, "7f")]
    [InlineData(64, "8001")]
    [InlineData(8191, "fe7f")]
    [InlineData(-8193, "818001")]
    [InlineData(int.MaxValue, "feffffff0f")]
    [InlineData(int.MinValue, "ffffffff0f")]
    [InlineData(long.MaxValue, "feffffffffffffffff01")]
    [InlineData(long.MinValue, "ffffffffffffffffff01")]
    public void Integers_are_zigzag_varints(long value, string hex) => Assert.Equal(hex, Written((ref w) => w.WriteLong(value)));

    [Fact]
    public void Booleans_are_one_byte() =>
        Assert.Equal(
            "0100",
            Written(
                (ref w) =>
                {
                    w.WriteBoolean(true);
                    w.WriteBoolean(false);
                }
            )
        );

    [Fact]
    public void Floats_are_little_endian()
    {
        Assert.Equal("0000c03f", Written((ref w) => w.WriteFloat(1.5f)));
        Assert.Equal("000000000000f8bf", Written((ref w) => w.WriteDouble(-1.5)));
    }

    [Fact]
    public void Bytes_follow_their_length() => Assert.Equal("06010203", Written((ref w) => w.WriteBytes([1, 2, 3])));

    [Fact]
    public void Uuid_is_its_text() =>
        Assert.Equal(
            "48" + Convert.ToHexStringLower("00112233-4455-6677-8899-aabbccddeeff"u8),
            Written((ref w) => w.WriteUuid(new("00112233-4455-6677-8899-AABBCCDDEEFF")))
        );

    [Theory]
    [InlineData("0", "0200")]
    [InlineData("1", "0201")]
    [InlineData("-1", "02ff")]
    [InlineData("127", "027f")]
    [InlineData("128", "040080")]
    [InlineData("-128", "0280")]
    [InlineData("-129", "04ff7f")]
    [InlineData("9223372036854775807", "107fffffffffffffff")]
    [InlineData("-9223372036854775808", "108000000000000000")]
    [InlineData("9223372036854775808", "12008000000000000000")]
    [InlineData("-9223372036854775809", "12ff7fffffffffffffff")]
    [InlineData("18446744073709551615", "1200ffffffffffffffff")]
    [InlineData("170141183460469231731687303715884105727", "207fffffffffffffffffffffffffffffff")]
    [InlineData("-170141183460469231731687303715884105728", "2080000000000000000000000000000000")]
    public void Decimals_have_the_fewest_bytes(string unscaled, string hex) =>
        Assert.Equal(hex, Written((ref w) => w.WriteDecimal(Int128.Parse(unscaled, null))));

    [Fact]
    public void Decimals_read_back_as_big_integers() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.Int[0, 127])
            .Sample(
                (high, low, shift) =>
                {
                    var value = (Int128)new UInt128(high, low) >> shift;
                    var bytes = Convert.FromHexString(Written((ref w) => w.WriteDecimal(value)));
                    Assert.Equal(bytes.Length - 1, bytes[0] >> 1);
                    var read = new System.Numerics.BigInteger(bytes.AsSpan(1), isUnsigned: false, isBigEndian: true);
                    Assert.Equal((System.Numerics.BigInteger)value, read);
                    Assert.Equal(read.ToByteArray().Length, bytes.Length - 1);
                }
            );

    [Fact]
    public void Strings_follow_their_length_in_bytes() =>
        Samples.Text.Sample(text =>
        {
            var bytes = Convert.FromHexString(Written((ref w) => w.WriteString(text)));
            var utf8 = Encoding.UTF8.GetBytes(text);
            Assert.Equal(Written((ref w) => w.WriteLong(utf8.Length)) + Convert.ToHexStringLower(utf8), Convert.ToHexStringLower(bytes));
        });

    [Fact]
    public void Short_strings_of_any_width_have_their_own_length()
    {
        // 21 and 22 characters are the border between the two ways of writing; 3 bytes each is the most.
        foreach (var length in (int[])[0, 1, 20, 21, 22, 63, 64, 100])
        foreach (var c in "aü€")
        {
            var text = new string(c, length);
            var utf8 = Encoding.UTF8.GetBytes(text);
            Assert.Equal(
                Written((ref w) => w.WriteLong(utf8.Length)) + Convert.ToHexStringLower(utf8),
                Written((ref w) => w.WriteString(text))
            );
        }
    }

    [Fact]
    public void Lone_surrogate_is_never_replaced()
    {
        Assert.Throws<EncoderFallbackException>(() => Written((ref w) => w.WriteString("\uD800")));
        Assert.Throws<EncoderFallbackException>(() => Written((ref w) => w.WriteString("long enough to be counted first \uDC00")));
    }

    [Fact]
    public void Writer_works_with_the_smallest_spans()
    {
        var destination = new StingyBuffer();
        var writer = new AvroWriter(destination);
        for (var i = 0; i < 1000; i++)
            writer.WriteLong(i);
        writer.WriteString(new string('x', 1000));
        writer.Flush();
        writer.Flush();
        writer.WriteBoolean(true);
        writer.Flush();
        Assert.Equal(
            Written(
                (ref w) =>
                {
                    for (var i = 0; i < 1000; i++)
                        w.WriteLong(i);
                    w.WriteString(new string('x', 1000));
                    w.WriteBoolean(true);
                }
            ),
            Convert.ToHexStringLower(destination.Written.ToArray())
        );
    }

    private delegate void Write(ref AvroWriter writer);

    private static string Written(Write write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(buffer);
        write(ref writer);
        writer.Flush();
        return Convert.ToHexStringLower(buffer.WrittenSpan);
    }

    /// <summary>Gives exactly what is asked for, each time in fresh memory full of junk.</summary>
    private sealed class StingyBuffer : IBufferWriter<byte>
    {
        private byte[] _given = [];

        public List<byte> Written { get; } = [];

        public void Advance(int count) => Written.AddRange(_given.AsSpan(0, count));

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            _given = new byte[Math.Max(1, sizeHint)];
            Array.Fill(_given, (byte)0xAA);
            return _given;
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
