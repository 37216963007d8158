using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization;

public sealed class JsonDecimalTests
{
    [Theory]
    [InlineData("0", 2, "0.00")]
    [InlineData("-0.00", 2, "0.00")]
    [InlineData("0.05", 2, "0.05")]
    [InlineData("-0.50", 2, "-0.50")]
    [InlineData("12.5", 2, "12.50")]
    [InlineData("-7", 0, "-7")]
    [InlineData("0.0000000000000000000000000001", 28, "0.0000000000000000000000000001")]
    [InlineData("184467440737095516.15", 2, "184467440737095516.15")]
    [InlineData("99999999999999999999999999.99", 2, "99999999999999999999999999.99")]
    public void Decimals_are_written_at_their_scale(string value, int scale, string expected) =>
        Assert.Equal(expected, Written(decimal.Parse(value, CultureInfo.InvariantCulture), ValueDomain.MaxPrecision, scale));

    [Fact]
    public void Any_decimal_is_written_as_the_platform_writes_it()
    {
        var random = new Random(11);
        for (var i = 0; i < 20_000; i++)
        {
            var scale = random.Next(0, 10);
            var value = new decimal(random.Next(), random.Next(4) == 0 ? random.Next() : 0, 0, random.Next(2) == 0, (byte)scale);
            if (value == 0)
                continue;
            Assert.Equal(value.ToString(CultureInfo.InvariantCulture), Written(value, ValueDomain.MaxPrecision, scale));
        }
    }

    [Fact]
    public void A_decimal_that_does_not_fit_is_refused_with_its_path()
    {
        var tooLarge = Assert.Throws<StateValueException>(() => Written(1234.56m, 5, 2));
        Assert.Contains("Order.Total", tooLarge.Message, StringComparison.Ordinal);
        Assert.Throws<StateValueException>(() => Written(1.234m, 18, 2));
    }

    private static string Written(decimal value, int precision, int scale)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new() { SkipValidation = true }))
        {
            writer.WriteStartArray();
            JsonStateWriter.WriteDecimal(writer, value, precision, scale, "Order.Total");
            JsonStateWriter.WriteDecimal(writer, value, precision, scale, "Order.Total");
            writer.WriteEndArray();
        }
        var written = Encoding.UTF8.GetString(buffer.WrittenSpan)[1..^1].Split(',');
        Assert.Equal(2, written.Length);
        Assert.Equal(written[0], written[1]);
        return written[0];
    }
}
