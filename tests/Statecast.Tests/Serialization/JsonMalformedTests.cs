using System.Text;
using CsCheck;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Serialization;

/// <summary>What is no state of the contract ends in one kind of exception, with path and offset, whatever is wrong with it.</summary>
public sealed class JsonMalformedTests
{
    private static readonly StateContract<EveryValue> Contract = StateContract.Of<EveryValue>();
    private static readonly JsonStateCodec Codec = new();
    private static readonly string Good = Encoding.UTF8.GetString(Samples.Json(Contract, Samples.Fixed));

    private const string Time = "\"time\":\"13:14:15.12345\"";
    private const string Card = "\"payment\":{\"$type\":\"card\",";
    private const string Duration = "\"duration\":\"-P1DT2H3M4.005678S\"";

    /// <summary>A part of the good JSON, what stands in its place, the path, and what the message says.</summary>
    public static TheoryData<string, string, string, string> Corpus =>
        new()
        {
            { "\"flag\":true", "\"flag\":1", "flag", "a boolean is expected, not '1'" },
            { "\"flag\":true", "\"flag\":null", "flag", "not null" },
            { "\"sByte\":-128", "\"sByte\":-129", "sByte", "an integer from -128 to 127" },
            { "\"byte\":255", "\"byte\":256", "byte", "an integer from 0 to 255" },
            { "\"int16\":-32768", "\"int16\":32768", "int16", "an integer" },
            { "\"uInt16\":65535", "\"uInt16\":-1", "uInt16", "an integer" },
            { "\"int32\":-2147483648", "\"int32\":2147483648", "int32", "an integer" },
            { "\"int32\":-2147483648", "\"int32\":1.0", "int32", "an integer" },
            { "\"int32\":-2147483648", "\"int32\":1e2", "int32", "an integer" },
            { "\"int32\":-2147483648", "\"int32\":\"1\"", "int32", "an integer" },
            { "\"uInt32\":4294967295", "\"uInt32\":4294967296", "uInt32", "an integer" },
            { "\"int64\":9223372036854775807", "\"int64\":9223372036854775808", "int64", "an integer" },
            { "\"uInt64\":18446744073709551615", "\"uInt64\":18446744073709551616", "uInt64", "an integer" },
            { "\"single\":1.5", "\"single\":1e39", "single", "32-bit floating point" },
            { "\"double\":-0.1", "\"double\":1e400", "double", "64-bit floating point" },
            { "\"double\":-0.1", "\"double\":NaN", "double", "malformed" },
            { "\"double\":-0.1", "\"double\":\"NaN\"", "double", "a number" },
            { "\"amount\":-12.3456", "\"amount\":-12.34567", "amount", "does not fit a decimal of 18 digits, 4 after the point" },
            { "\"amount\":-12.3456", "\"amount\":100000000000000", "amount", "does not fit" },
            { "\"amount\":-12.3456", "\"amount\":1e14", "amount", "does not fit" },
            { "\"amount\":-12.3456", "\"amount\":1e-5", "amount", "does not fit" },
            { "\"amount\":-12.3456", "\"amount\":1e999999999999", "amount", "does not fit" },
            { "\"amount\":-12.3456", "\"amount\":1.00000000000000000000000000000000000001", "amount", "does not fit" },
            { "\"amount\":-12.3456", "\"amount\":\"-12.3456\"", "amount", "a number" },
            { "\"amount\":-12.3456", "\"amount\":01", "amount", "malformed" },
            { "\"id\":\"00112233-4455-6677-8899-aabbccddeeff\"", "\"id\":\"00112233445566778899aabbccddeeff\"", "id", "a Guid" },
            { "\"id\":\"00112233-4455-6677-8899-aabbccddeeff\"", "\"id\":7", "id", "a Guid" },
            { "\"at\":\"2024-02-29T11:14:15.123456Z\"", "\"at\":\"2023-02-29T11:14:15Z\"", "at", "an instant in ISO 8601" },
            { "\"at\":\"2024-02-29T11:14:15.123456Z\"", "\"at\":1709205255", "at", "an instant in ISO 8601" },
            { "\"at\":\"2024-02-29T11:14:15.123456Z\"", "\"at\":\"yesterday\"", "at", "an instant" },
            { "\"at\":\"2024-02-29T11:14:15.123456Z\"", "\"at\":\"0001-01-01T00:00:00+14:00\"", "at", "an instant" },
            { "\"day\":\"1969-12-31\"", "\"day\":\"1969-12-32\"", "day", "a date" },
            { "\"day\":\"1969-12-31\"", "\"day\":\"31.12.1969\"", "day", "a date" },
            { "\"day\":\"1969-12-31\"", "\"day\":\"1969-12-3\u00fc\"", "day", "a date" },
            { "\"day\":\"1969-12-31\"", "\"day\":19691231", "day", "a date" },
            { Time, "\"time\":\"24:00:00\"", "time", "a time like 08:30:00.5 is expected, not '24:00:00'" },
            { Time, "\"time\":\"13:60:00\"", "time", "a time" },
            { Time, "\"time\":\"13:14:60\"", "time", "a time" },
            { Time, "\"time\":\"13:14\"", "time", "a time" },
            { Time, "\"time\":\"1:14:15\"", "time", "a time" },
            { Time, "\"time\":\"13:14:15.\"", "time", "a time" },
            { Time, "\"time\":\"13:14:15,5\"", "time", "a time" },
            { Time, "\"time\":\"13:14:15.1x\"", "time", "a time" },
            { Time, "\"time\":\"13:14:15.1234567x\"", "time", "a time" },
            { Time, "\"time\":\"13:14:15Z\"", "time", "a time" },
            { Time, "\"time\":\"13:14:1\\u0035\"", "time", "a time" },
            { Time, "\"time\":131415", "time", "a time" },
            { Duration, "\"duration\":\"\"", "duration", "a duration like -P1DT2H0.5S" },
            { Duration, "\"duration\":\"P\"", "duration", "a duration" },
            { Duration, "\"duration\":\"PT\"", "duration", "a duration" },
            { Duration, "\"duration\":\"P1DT\"", "duration", "a duration" },
            { Duration, "\"duration\":\"P1Y\"", "duration", "without years and months" },
            { Duration, "\"duration\":\"P1M\"", "duration", "without years and months" },
            { Duration, "\"duration\":\"P1W\"", "duration", "a duration" },
            { Duration, "\"duration\":\"1D\"", "duration", "a duration" },
            { Duration, "\"duration\":\"+P1D\"", "duration", "a duration" },
            { Duration, "\"duration\":\"P-1D\"", "duration", "a duration" },
            { Duration, "\"duration\":\"P1H\"", "duration", "a duration" },
            { Duration, "\"duration\":\"PT1M1H\"", "duration", "a duration" },
            { Duration, "\"duration\":\"PT1.5H\"", "duration", "a duration" },
            { Duration, "\"duration\":\"PT1.S\"", "duration", "a duration" },
            { Duration, "\"duration\":\"PT.5S\"", "duration", "a duration" },
            { Duration, "\"duration\":\"PTS\"", "duration", "a duration" },
            { Duration, "\"duration\":\"PT1S \"", "duration", "a duration" },
            { Duration, "\"duration\":\"26:03:04\"", "duration", "a duration" },
            { Duration, "\"duration\":\"P10675199DT2H48M5.477581S\"", "duration", "within TimeSpan's range" },
            { Duration, "\"duration\":\"P99999999999999999999999999D\"", "duration", "a duration" },
            { Duration, "\"duration\":\"PT999999999999999999S\"", "duration", "a duration" },
            { Duration, "\"duration\":5", "duration", "a duration" },
            { "\"bytes\":\"AAH+/w==\"", "\"bytes\":\"AAH\"", "bytes", "base64" },
            { "\"bytes\":\"AAH+/w==\"", "\"bytes\":[0,1]", "bytes", "base64" },
            { "\"line\":{\"sku\":\"a-1\"", "\"line\":{\"sku\":null", "line.sku", "a text is expected, not null" },
            { "\"line\":{\"sku\":\"a-1\"", "\"line\":{\"sku\":3", "line.sku", "a text" },
            { "\"line\":{\"sku\":\"a-1\",", "\"line\":{", "line", "the property 'sku' is missing" },
            { "\"line\":{\"sku\":\"a-1\",", "\"line\":{\"sku\":\"b\",\"sku\":\"a-1\",", "line.sku", "given twice" },
            { "\"line\":{\"sku\":\"a-1\",", "\"line\":{\"sku\":\"a-1\",\"x\":1,\"x\":1,", "line.x", "'x' is given twice" },
            { "\"line\":{\"sku\":\"a-1\",", "\"line\":{\"sku\":\"a-1\",\"x\":[{\"y\":1,\"y\":1}],", "line.x[0].y", "'y' is given twice" },
            { "\"owner\":-7", "\"owner\":{\"value\":-7}", "owner", "an integer" },
            { "{\"sku\":\"y\"", "{\"sku\":[]", "array[1].sku", "a text is expected, not an array" },
            { "\"list\":[\"a\",\"\"", "\"list\":[\"a\",7", "list[1]", "a text" },
            { "\"list\":[\"a\",\"\"", "\"list\":[\"a\",{}", "list[1]", "a text is expected, not an object" },
            { "\"list\":[\"a\",\"\",\"ü\"]", "\"list\":{}", "list", "an array is expected, not an object" },
            { "\"map\":{\"a\":2", "\"map\":{\"a\":2,\"a\":3", "map.a", "the key 'a' is given twice" },
            { "\"map\":{\"a\":2", "\"map\":{\"a\":\"2\"", "map.a", "an integer" },
            { "\"map\":{\"a\":2", "\"map\":{\"\\uD800\":2", "map.\\uD800", "no valid Unicode" },
            { "\"matrix\":[[1,null,-1],[],[64]]", "\"matrix\":[[1,null,-1],[],64]", "matrix[2]", "an array is expected, not a number" },
            { "\"matrix\":[[1,null,-1],[],[64]]", "\"matrix\":[[1,null,-1],null]", "matrix[1]", "not null" },
            { "\"matrix\":[[1,null,-1]", "\"matrix\":[[1,null,true]", "matrix[0][2]", "an integer" },
            { "\"intSet\":[-2147483648", "\"intSet\":[null", "intSet[0]", "an integer" },
            { "\"intSet\":[-2147483648,-1", "\"intSet\":[-2147483648,-1,{}", "intSet[2]", "not an object" },
            { "\"intSet\":[", "\"intSet\":[[", "intSet[0]", "not an array" },
            { "\"colorSet\":[\"Red\"", "\"colorSet\":[0", "colorSet[0]", "a member of Color" },
            { "\"ownerSet\":[-3,3]", "\"ownerSet\":{}", "ownerSet", "an array is expected, not an object" },
            { "\"ownerSet\":[-3,3]", "\"ownerSet\":null", "ownerSet", "an array is expected, not null" },
            { Card, "\"payment\":{", "payment", "the property '$type' is missing: it names the case of Payment" },
            { Card, "\"payment\":{\"$type\":null,", "payment.$type", "a case of Payment is expected, not null" },
            { Card, "\"payment\":{\"$type\":[1],", "payment.$type", "a case of Payment is expected, not an array" },
            { Card, "\"payment\":{\"$type\":\"voucher\",", "payment.$type", "'voucher' is no case of Payment" },
            { Card, "\"payment\":{\"$type\":\"Card\",", "payment.$type", "(card, transfer, cash, coins)" },
            { Card, "\"payment\":{\"$type\":\"\\uD800\",", "payment.$type", "no valid Unicode" },
            { Card, "\"payment\":{\"\\uDC00\":1,\"$type\":\"card\",", "payment.\\uDC00", "no valid Unicode" },
            { Card, "\"payment\":{\"$type\":\"card\",\"$type\":\"card\",", "payment.$type", "given twice" },
            { Card, "\"payment\":{\"$type\":\"transfer\",", "payment", "the property 'line' is missing" },
            { Card, "\"payment\":{\"$type\":\"card\",\"total\":1,", "payment.total", "given twice" },
            { Card, "\"payment\":{\"$type\":\"card\",\"x\":1,\"x\":1,", "payment.x", "given twice" },
            { Card, "\"payment\":{\"x\":tru,\"$type\":\"card\",", "payment.x", "malformed" },
            { "\"payment\":{", "\"payment\":[],\"rest\":{", "payment", "an object is expected, not an array" },
            { "\"payment\":{", "\"payment\":null,\"rest\":{", "payment", "an object is expected, not null" },
            {
                "\"payments\":[{\"$type\":\"cash\"",
                "\"payments\":[{\"$type\":\"none\"",
                "payments[0].$type",
                "'none' is no case of Payment"
            },
            { "\"b\":{\"$type\":\"none\"}", "\"b\":null", "marks.b", "an object is expected, not null" },
            { "\"maybeInt\":0", "\"maybeInt\":\"\"", "maybeInt", "an integer" },
            { "\"color\":\"Blue\"", "\"color\":-1", "color", "a member of Color is expected, not a number" },
            { "\"color\":\"Blue\"", "\"color\":null", "color", "a member of Color is expected, not null" },
            { "\"flag\":true,", "", "$", "the property 'flag' is missing; it is neither nullable nor has it a default" },
            { "\"flag\":true,", "\"flag\":true,\"flag\":true,", "flag", "the property is given twice" },
            { "\"flag\":true,", "\"flag\":true,\"fl\\u0061g\":true,", "fl\\u0061g", "the property is given twice" },
            { "\"flag\":true,", "\"flag\":true,\"odd\\uDC00\":true,", "odd\\uDC00", "no valid Unicode" },
            { "\"flag\":true,", "\"flag\":true,,", "flag", "malformed" },
            { "\"flag\":true,", "\"flag\":tru,", "flag", "malformed" },
            { "\"flag\":true,", "flag:true,", "id", "malformed" },
            { "\"flag\":true,", "/* no */\"flag\":true,", "id", "malformed" },
            { "\"maybeText\":\"\"", "\"maybeText\":\"\\uD800\"", "maybeText", "no valid Unicode" },
            { "\"maybeText\":\"\"", "\"maybeText\":\"\\uDC00\\uD800\"", "maybeText", "no valid Unicode" },
            { "\"maybeText\":\"\"", "\"maybeText\":\"\\x\"", "maybeText", "malformed" },
            { "\"maybeText\":\"\"", "\"maybeText\":\"\u0001\"", "maybeText", "malformed" },
        };

    [Theory, MemberData(nameof(Corpus))]
    public void Malformed_body_is_refused_with_its_place(string part, string instead, string path, string says)
    {
        var start = Good.IndexOf(part, StringComparison.Ordinal);
        Assert.True(start >= 0, $"The good JSON has no {part}.");
        var body = Encoding.UTF8.GetBytes(Good.Remove(start, part.Length).Insert(start, instead));
        var defect = Assert.Throws<StateFormatException>(() => Decode(body));
        Assert.Equal(path, defect.Path);
        Assert.Contains(says, defect.Message, StringComparison.Ordinal);
        // The whole misses a property at its end; all else is found at or a little after where the good part stood.
        var offset = path == "$" ? body.Length - 1 : defect.Offset;
        Assert.Equal(offset, defect.Offset);
        Assert.InRange(defect.Offset, Encoding.UTF8.GetByteCount(Good.AsSpan(0, start)), body.Length - 1);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("\"text\"")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("}")]
    [InlineData("nul")]
    [InlineData("\0")]
    public void What_is_no_object_is_refused(string body) =>
        Assert.Equal("$", Assert.Throws<StateFormatException>(() => Decode(Encoding.UTF8.GetBytes(body))).Path);

    [Fact]
    public void Body_cut_at_any_byte_is_refused()
    {
        var body = Encoding.UTF8.GetBytes(Good);
        for (var length = 0; length < body.Length; length++)
        {
            var defect = Assert.Throws<StateFormatException>(() => Decode(body.AsMemory(0, length)));
            Assert.InRange(defect.Offset, 0, length);
        }
    }

    [Fact]
    public void Byte_order_mark_is_refused() =>
        Assert.Throws<StateFormatException>(() => Decode(Encoding.UTF8.GetPreamble().Concat(Encoding.UTF8.GetBytes(Good)).ToArray()));

    [Theory]
    [InlineData("x")]
    [InlineData("{}")]
    [InlineData(",")]
    [InlineData("\0")]
    public void Trailing_bytes_are_refused(string trailing) =>
        Assert.Throws<StateFormatException>(() => Decode(Encoding.UTF8.GetBytes(Good + trailing)));

    [Fact]
    public void Trailing_white_space_is_none_of_them() => Assert.NotNull(Decode(Encoding.UTF8.GetBytes(Good + " \r\n\t")));

    [Theory]
    [InlineData(62, true)]
    [InlineData(64, false)]
    [InlineData(1_000, false)]
    [InlineData(10_000, false)]
    [InlineData(100_000, false)]
    public void Nesting_is_bounded(int depth, bool read)
    {
        foreach (var (open, close) in (ReadOnlySpan<(string, string)>)[("[", "]"), ("{\"x\":", "}")])
        {
            var deep = string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth));
            var body = Encoding.UTF8.GetBytes("{\"unknown\":" + deep + "," + Good[1..]);
            if (read)
                Assert.NotNull(Decode(body));
            else
            {
                var defect = Assert.Throws<StateFormatException>(() => Decode(body));
                // Where the level stands that is one too many; of what is deeper nothing is looked at.
                Assert.StartsWith("unknown", defect.Path, StringComparison.Ordinal);
                Assert.InRange(defect.Offset, "{\"unknown\":".Length, "{\"unknown\":".Length + 64 * open.Length);
            }
        }
    }

    [Fact]
    public void Body_above_the_limit_is_not_even_read()
    {
        var body = Encoding.UTF8.GetBytes(Good);
        Assert.NotNull(new JsonStateCodec(body.Length).Decode(Contract, Contract.SchemaFingerprint, body));
        var defect = Assert.Throws<StateFormatException>(() =>
            new JsonStateCodec(body.Length - 1).Decode(Contract, Contract.SchemaFingerprint, body)
        );
        Assert.Contains($"at most {body.Length - 1} are read", defect.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new JsonStateCodec(0));
    }

    [Fact]
    public void Offset_counts_bytes_over_lines()
    {
        var body = "{\r\n \"id\": 1,\n \"share\": 5 oops}"u8.ToArray();
        var defect = Assert.Throws<StateFormatException>(() => Codec.Decode(StateContract.Of<Checked>(), default, body));
        Assert.Equal(body.AsSpan().IndexOf("oops"u8), defect.Offset);
        Assert.Equal("share", defect.Path);
    }

    [Fact]
    public void Constructor_that_refuses_is_a_format_error()
    {
        var defect = Assert.Throws<StateFormatException>(() =>
            Codec.Decode(StateContract.Of<Checked>(), default, "{\"id\":1,\"share\":101}"u8.ToArray())
        );
        Assert.Equal("share", defect.Path);
        Assert.Contains("101 is no percentage", defect.Message, StringComparison.Ordinal);
        Assert.IsType<ArgumentException>(defect.InnerException);
    }

    [Fact]
    public void Collection_above_a_million_items_is_refused()
    {
        var codec = new JsonStateCodec(64 << 20);
        var items = "1" + string.Concat(Enumerable.Repeat(",1", JsonStateReader.MaxItems));
        var body = Encoding.UTF8.GetBytes(Good.Replace("[64]", $"[{items}]", StringComparison.Ordinal));
        var defect = Assert.Throws<StateFormatException>(() => codec.Decode(Contract, Contract.SchemaFingerprint, body));
        Assert.Equal($"matrix[2][{JsonStateReader.MaxItems}]", defect.Path);
        Assert.Contains("1000000 items", defect.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Set_given_the_same_item_a_million_times_is_refused_too()
    {
        var codec = new JsonStateCodec(64 << 20);
        var items = "3" + string.Concat(Enumerable.Repeat(",3", JsonStateReader.MaxItems));
        var body = Encoding.UTF8.GetBytes(Good.Replace("\"ownerSet\":[-3,3]", $"\"ownerSet\":[{items}]", StringComparison.Ordinal));
        var defect = Assert.Throws<StateFormatException>(() => codec.Decode(Contract, Contract.SchemaFingerprint, body));
        Assert.Equal($"ownerSet[{JsonStateReader.MaxItems}]", defect.Path);
    }

    [Fact]
    public void Mutated_bytes_give_a_state_or_the_one_exception()
    {
        var good = Encoding.UTF8.GetBytes(Good);
        Gen.Select(Gen.Int[0, good.Length - 1].Array[1, 3], Gen.Byte.Array[3])
            .Sample(
                (places, bytes) =>
                {
                    var body = (byte[])good.Clone();
                    for (var i = 0; i < places.Length; i++)
                        body[places[i]] = bytes[i];
                    try
                    {
                        Decode(body);
                    }
                    catch (StateFormatException) { }
                },
                iter: 20_000
            );
    }

    private static EveryValue Decode(ReadOnlyMemory<byte> body) => Codec.Decode(Contract, Contract.SchemaFingerprint, body);
}
