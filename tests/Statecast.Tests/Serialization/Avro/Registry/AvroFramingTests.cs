using Statecast.Serialization;
using Statecast.Serialization.Avro.Registry;
using Xunit;

namespace Statecast.Tests.Serialization.Avro.Registry;

public sealed class AvroFramingTests
{
    private static readonly Guid Guid = new("89791762-2336-4186-9674-299b90a802e2");

    [Fact]
    public void Prefix_is_zero_and_the_id_big_endian()
    {
        Assert.Equal("000a0b0c0dff", Convert.ToHexStringLower(AvroFraming.Frame(0x0a0b0c0d, [0xff])));
        Assert.Equal("0000000001", Convert.ToHexStringLower(AvroFraming.Frame(1, [])));
        Assert.Throws<ArgumentOutOfRangeException>(() => AvroFraming.Frame(0, []));
    }

    [Fact]
    public void Prefix_is_read_back()
    {
        Assert.Equal(SchemaId.Of(int.MaxValue), AvroFraming.Read(AvroFraming.Frame(int.MaxValue, [1, 2]), [], out var body));
        Assert.Equal([1, 2], body.ToArray());
        Assert.Equal(SchemaId.Of(7), AvroFraming.Read(AvroFraming.Frame(7, []), [], out body));
        Assert.True(body.IsEmpty);
    }

    [Fact]
    public void Header_holds_a_guid_in_network_order_and_leaves_the_body_bare()
    {
        byte[] header = [1, .. Convert.FromHexString("89791762233641869674299b90a802e2")];
        byte[] value = [0, 0, 0, 0, 9, 1];
        Assert.Equal(SchemaId.Of(Guid), AvroFraming.Read(value, header, out var body));
        Assert.Equal(value, body.ToArray());
    }

    [Theory]
    [InlineData("", "", "it has 0 bytes (nothing)")]
    [InlineData("00000001", "", "it has 4 bytes (0x00000001), which is less than Confluent's prefix of 5")]
    [InlineData("0100000001", "", "it begins with 0x01")]
    [InlineData("7b226964223a317d", "", "it looks like JSON")]
    [InlineData("0000000000", "", "names the schema 0; ids are positive")]
    [InlineData("00ffffffff", "", "names the schema -1; ids are positive")]
    [InlineData("0000000001", "01", "is 0x01 (1 bytes)")]
    [InlineData("0000000001", "0089791762233641869674299b90a802e2", "0x01 and the 16 bytes of a GUID are expected")]
    [InlineData("0000000001", "0189791762233641869674299b90a802e2ff", "(18 bytes)")]
    [InlineData("0000000001", "0100000000000000000000000000000000", "names the empty GUID")]
    public void Malformed_framing_is_one_exception_that_says_what_is_there(string value, string header, string reason)
    {
        var refused = Assert.Throws<StateFormatException>(() =>
            AvroFraming.Read(Convert.FromHexString(value), Convert.FromHexString(header), out _)
        );
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var value = new byte[random.Next(8)];
            var header = new byte[random.Next(3) == 0 ? random.Next(19) : 0];
            random.NextBytes(value);
            random.NextBytes(header);
            if (header.Length > 0 && random.Next(2) == 0)
                header[0] = 1;
            if (value.Length > 0 && random.Next(2) == 0)
                value[0] = 0;
            try
            {
                var id = AvroFraming.Read(value, header, out var body);
                Assert.Equal(header.Length > 0 ? value.Length : value.Length - 5, body.Length);
                Assert.True(id.IsGuid == header.Length > 0);
                Assert.Equal(id, SchemaId.FromStandIn(id.StandIn));
            }
            catch (StateFormatException) { }
        }
    }

    [Fact]
    public void Stand_in_tells_numbers_from_fingerprints()
    {
        Assert.Equal(SchemaId.Of(1), SchemaId.FromStandIn(SchemaId.Of(1).StandIn));
        Assert.Equal(SchemaId.Of(int.MaxValue), SchemaId.FromStandIn(SchemaId.Of(int.MaxValue).StandIn));
        Assert.Equal(SchemaId.Of(Guid), SchemaId.FromStandIn(SchemaId.Of(Guid).StandIn));
        Assert.True(SchemaId.FromStandIn(Fingerprint.Of("x"u8)).IsGuid);
    }

    [Fact]
    public void Subject_is_the_destinations_value() => Assert.Equal("shop.order.v1-value", AvroFraming.SubjectOf("shop.order.v1"));
}
