using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization;

public sealed class JsonRoundTripTests
{
    private static readonly StateContract<EveryValue> Contract = StateContract.Of<EveryValue>();
    private static readonly JsonStateCodec Codec = new();

    [Fact]
    public void Fixed_state_has_this_json() =>
        Assert.Equal(
            """
            {"id":"00112233-4455-6677-8899-aabbccddeeff","flag":true,"sByte":-128,"byte":255,"int16":-32768,"uInt16":65535,
            "int32":-2147483648,"uInt32":4294967295,"int64":9223372036854775807,"uInt64":18446744073709551615,"single":1.5,"double":-0.1,
            "text":"zwölf \uD83D\uDE00 \u0000 \"quoted\" \\ / twenty-one bytes and more","amount":-12.3456,
            "wide":123456789012345678.0123456789,"at":"2024-02-29T11:14:15.123456Z","utc":"1969-12-31T23:59:59.999Z","day":"1969-12-31",
            "time":"13:14:15.12345","duration":"-P1DT2H3M4.005678S",
            "bytes":"AAH+/w==","color":"Blue","point":{"x":1,"y":-2.5},"line":{"sku":"a-1","price":2.50,"quantity":3,"class":"first"},
            "owner":-7,"array":[{"sku":"x","price":1.00,"quantity":1,"class":null},{"sku":"y","price":-0.01,"quantity":-1,"class":null}],
            "list":["a","","ü"],"map":{"a":2,"b":1,"\uFFFD":4,"\uD83D\uDE00":3},
            "sortedMap":{"k":{"sku":"z","price":9.99,"quantity":1,"class":null}},"matrix":[[1,null,-1],[],[64]],
            "maybeInt":0,"maybeText":"","maybeLine":{"sku":"m","price":0.00,"quantity":1,"class":null},"maybePoint":{"x":0,"y":0},
            "maybeColor":"Green","maybeOwner":1,"maybeTime":"00:00:00","maybeDuration":"PT0S","maybeArray":[],"maybeMap":{"n":null,"v":"w"},"prices":[1.00,null,-1234567.89],
            "textSet":["","a","aa","b","\uFFFD","\uD83D\uDE00"],"sortedTextSet":["B","a","b"],"intSet":[-2147483648,-1,0,64,65,128],
            "ownerSet":[-3,3],"colorSet":["Red","Blue"],"instantSet":["2024-05-01T09:00:00Z","2024-05-01T10:00:00Z"],
            "durationSet":["-PT1H","P1D"],"priceSet":[-1.00,9.50,10.00],
            "maybeSet":["00000000-0000-0000-0000-000000000000","7f000000-0000-0000-0000-000000000000","ff000000-0000-0000-0000-000000000000"],
            "payment":{"$type":"card","total":12.50,"last4":"1234","reference":"r"},
            "maybePayment":{"$type":"transfer","total":-1.00,"line":{"sku":"t","price":3.00,"quantity":1,"class":null},
            "mark":{"$type":"text","text":"ü"},"reference":null},
            "payments":[{"$type":"cash","total":0.00,"reference":null},null,{"$type":"card","total":1.00,"last4":"","reference":null}],
            "maybeCharged":{"$type":"cash","total":7.00,"reference":null},"marks":{"a":{"$type":"text","text":"t"},"b":{"$type":"none"}}}
            """.ReplaceLineEndings(""),
            Encoding.UTF8.GetString(Samples.Json(Contract, Samples.Fixed)).Replace("\uFFFD", "\\uFFFD", StringComparison.Ordinal)
        );

    [Fact]
    public void Any_state_reads_back_the_same() =>
        Samples.Any.Sample(
            state =>
            {
                var json = Samples.Json(Contract, state);
                var back = Codec.Decode(Contract, Contract.SchemaFingerprint, json);
                Assert.Equal(Convert.ToHexString(Samples.Avro(Contract, state)), Convert.ToHexString(Samples.Avro(Contract, back)));
                Assert.Equal(json, Samples.Json(Contract, back));
            },
            iter: 1000
        );

    [Fact]
    public void Any_order_of_properties_and_any_spacing_reads_the_same() =>
        Gen.Select(Samples.Any, Gen.Int)
            .Sample(
                (state, seed) =>
                {
                    var json = Samples.Json(Contract, state);
                    var shuffled = Shuffle(json, new Random(seed));
                    var back = Codec.Decode(Contract, Contract.SchemaFingerprint, shuffled);
                    Assert.Equal(json, Samples.Json(Contract, back));
                },
                iter: 200
            );

    [Fact]
    public void Another_json_library_reads_the_same_values()
    {
        using var document = JsonDocument.Parse(Samples.Json(Contract, Samples.Fixed));
        var root = document.RootElement;
        Assert.Equal(Samples.Fixed.Text, root.GetProperty("text").GetString());
        Assert.Equal(Samples.Fixed.At.UtcDateTime, root.GetProperty("at").GetDateTime());
        Assert.Equal(Samples.Fixed.Wide, root.GetProperty("wide").GetDecimal());
        Assert.Equal(Samples.Fixed.Bytes, root.GetProperty("bytes").GetBytesFromBase64());
    }

    [Theory]
    [InlineData("\"2024-05-01T10:00:00Z\"", "2024-05-01T10:00:00.0000000Z")]
    [InlineData("\"2024-05-01T10:00:00\"", "2024-05-01T10:00:00.0000000Z")]
    [InlineData("\"2024-05-01T10:00:00+02:00\"", "2024-05-01T08:00:00.0000000Z")]
    [InlineData("\"2024-05-01T10:00:00\\u002B02:00\"", "2024-05-01T08:00:00.0000000Z")]
    [InlineData("\"2024-05-01T10:00:00.1234567-01:30\"", "2024-05-01T11:30:00.1234560Z")]
    [InlineData("\"2024-05-01\"", "2024-05-01T00:00:00.0000000Z")]
    public void Instants_are_read_as_utc(string json, string expected)
    {
        var back = DecodeWith("at", json);
        Assert.Equal(expected, back.At.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(TimeSpan.Zero, back.At.Offset);
        var utc = DecodeWith("utc", json).Utc;
        Assert.Equal(DateTimeKind.Utc, utc.Kind);
        Assert.Equal(back.At.UtcDateTime, utc);
    }

    [Theory]
    [InlineData("1", "1.0000")]
    [InlineData("-1.5", "-1.5000")]
    [InlineData("1.50000000000000000000000000000000000000000", "1.5000")]
    [InlineData("15e-1", "1.5000")]
    [InlineData("1.5E+2", "150.0000")]
    [InlineData("0e99999", "0.0000")]
    [InlineData("-0", "0.0000")]
    [InlineData("0.0001", "0.0001")]
    [InlineData("99999999999999.9999", "99999999999999.9999")]
    public void Decimals_are_read_exactly(string json, string expected) =>
        Assert.Equal(expected, DecodeWith("amount", json).Amount.ToString(System.Globalization.CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("08:30:00", "08:30:00")]
    [InlineData("23:59:59.999999", "23:59:59.999999")]
    [InlineData("08:30:00.5000000000000", "08:30:00.5")]
    [InlineData("08:30:00.1234569", "08:30:00.123456")]
    [InlineData("00:00:00.000001", "00:00:00.000001")]
    public void Times_of_day_have_one_form(string read, string written)
    {
        var back = DecodeWith("time", $"\"{read}\"");
        Assert.Equal(TimeOnly.Parse(written, System.Globalization.CultureInfo.InvariantCulture), back.Time);
        Assert.Contains($"\"time\":\"{written}\"", Encoding.UTF8.GetString(Samples.Json(Contract, back)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PT0S", "PT0S", 0)]
    [InlineData("-PT0.0S", "PT0S", 0)]
    [InlineData("P0D", "PT0S", 0)]
    [InlineData("PT90M", "PT1H30M", 54_000_000_000)]
    [InlineData("PT36H", "P1DT12H", 1_296_000_000_000)]
    [InlineData("P1D", "P1D", 864_000_000_000)]
    [InlineData("P007DT0H0M0S", "P7D", 6_048_000_000_000)]
    [InlineData("-P1DT0.5S", "-P1DT0.5S", -864_005_000_000)]
    [InlineData("PT0.0000019S", "PT0.000001S", 10)]
    [InlineData("-PT0.0000019S", "-PT0.000001S", -10)]
    [InlineData("PT1M1S", "PT1M1S", 610_000_000)]
    [InlineData("P10675199DT2H48M5.47758S", "P10675199DT2H48M5.47758S", 9_223_372_036_854_775_800)]
    [InlineData("-P10675199DT2H48M5.47758S", "-P10675199DT2H48M5.47758S", -9_223_372_036_854_775_800)]
    public void Durations_have_one_form(string read, string written, long ticks)
    {
        var back = DecodeWith("duration", $"\"{read}\"");
        Assert.Equal(ticks, back.Duration.Ticks);
        Assert.Contains($"\"duration\":\"{written}\"", Encoding.UTF8.GetString(Samples.Json(Contract, back)), StringComparison.Ordinal);
        // XML Schema's own reader is another opinion.
        Assert.Equal(System.Xml.XmlConvert.ToTimeSpan(written), back.Duration);
    }

    [Fact]
    public void Set_item_given_twice_counts_once()
    {
        Assert.Equal(["a", "b"], DecodeWith("sortedTextSet", "[\"b\",\"a\",\"b\"]").SortedTextSet);
        Assert.Single(DecodeWith("instantSet", "[\"2024-05-01T10:00:00.1234561Z\",\"2024-05-01T12:00:00.1234569+02:00\"]").InstantSet);
        // Two symbols that this reader does not know are both taken for the enum's default.
        Assert.Equal([Color.Red], DecodeWith("colorSet", "[\"Black\",\"White\"]").ColorSet);
    }

    [Fact]
    public void Sorted_set_of_texts_is_no_cultures()
    {
        var set = DecodeWith("sortedTextSet", "[\"a\",\"B\",\"\\u0000\",\"\"]").SortedTextSet;
        Assert.Equal(["", "\0", "B", "a"], set);
        Assert.Same(StringComparer.Ordinal, set.KeyComparer);
    }

    [Fact]
    public void Case_is_found_wherever_its_name_stands()
    {
        var last = "{\"x\":{\"$type\":\"cash\",\"y\":[{}]},\"last4\":\"1\",\"total\":1,\"\\u0024type\":\"c\\u0061rd\"}";
        Assert.Equal(new CardPayment(1m, "1"), DecodeWith("payment", last).Payment);
        Assert.Equal(new CashPayment(1m), DecodeWith("payment", "{\"total\":1,\"$type\":\"cash\"}").Payment);
    }

    [Fact]
    public void Another_json_library_reads_a_hierarchy()
    {
        using var document = JsonDocument.Parse(Samples.Json(Contract, Samples.Fixed));
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        var mark = document.RootElement.GetProperty("marks").GetProperty("a").Deserialize<ForeignMark>(options);
        Assert.Equal(new ForeignText("t"), mark);
    }

    [System.Text.Json.Serialization.JsonDerivedType(typeof(ForeignText), "text")]
    private abstract record ForeignMark;

    private sealed record ForeignText(string Text) : ForeignMark;

    [Fact]
    public void Numbers_beyond_53_bits_keep_their_digits()
    {
        Assert.Equal(9007199254740993, DecodeWith("int64", "9007199254740993").Int64);
        Assert.Equal(18446744073709551615, DecodeWith("uInt64", "18446744073709551615").UInt64);
        Assert.Equal(123456789012345678.0123456789m, DecodeWith("wide", "123456789012345678.0123456789").Wide);
    }

    [Fact]
    public void Escaped_names_and_symbols_are_recognized()
    {
        var json = Encoding
            .UTF8.GetString(Samples.Json(Contract, Samples.Fixed))
            .Replace("\"color\":\"Blue\"", "\"c\\u006flor\":\"Bl\\u0075e\"", StringComparison.Ordinal);
        Assert.Equal(Color.Blue, Codec.Decode(Contract, Contract.SchemaFingerprint, Encoding.UTF8.GetBytes(json)).Color);
    }

    [Fact]
    public void Codec_names_itself()
    {
        Assert.Equal("json", Codec.Name);
        Assert.Equal("application/json", Codec.ContentType);
    }

    [Fact]
    public void Encode_appends_to_what_is_there()
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write("x"u8);
        Codec.Encode(StateContract.Of<IntKey>(), new(1), buffer);
        Codec.Encode(StateContract.Of<IntKey>(), new(2), buffer);
        Assert.Equal("x{\"id\":1}{\"id\":2}", Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static EveryValue DecodeWith(string property, string value)
    {
        var node = System.Text.Json.Nodes.JsonNode.Parse(Samples.Json(Contract, Samples.Fixed))!.AsObject();
        node[property] = "@";
        var json = node.ToJsonString().Replace("\"@\"", value, StringComparison.Ordinal);
        return Codec.Decode(Contract, Contract.SchemaFingerprint, Encoding.UTF8.GetBytes(json));
    }

    private static byte[] Shuffle(byte[] json, Random random)
    {
        using var document = JsonDocument.Parse(json);
        var text = new StringBuilder();
        Shuffle(document.RootElement, random, text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Shuffle(JsonElement element, Random random, StringBuilder text)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            var properties = element.EnumerateObject().ToArray();
            random.Shuffle(properties);
            text.Append("{ ");
            for (var i = 0; i < properties.Length; i++)
            {
                text.Append(i > 0 ? " ,\n" : "").Append(JsonSerializer.Serialize(properties[i].Name)).Append(" :\t");
                Shuffle(properties[i].Value, random, text);
            }
            text.Append('}');
        }
        else
            text.Append(element.GetRawText());
    }
}
