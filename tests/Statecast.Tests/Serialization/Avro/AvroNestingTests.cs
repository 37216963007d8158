using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Xunit;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>
/// What a contract does not know may hold itself, as deep as its bytes go: it is passed over to a depth, and beyond that refused. Without a bound a hundred
/// thousand levels would end the process, which nobody can catch.
/// </summary>
public sealed class AvroNestingTests
{
    // How a type holds itself: its field, one level of it in bytes, the innermost one, and what closes a level.
    private static readonly Dictionary<string, (string Type, byte[] Open, byte[] Innermost, byte[] Close)> Ways = new()
    {
        ["array"] = ("""{"type":"array","items":"Deep"}""", [2], [0], [0]),
        ["block"] = ("""{"type":"array","items":"Deep"}""", [1, 0], [0], [0]),
        ["map"] = ("""{"type":"map","values":"Deep"}""", [2, 2, (byte)'k'], [0], [0]),
        ["union"] = ("""["null","Deep"]""", [2], [0], []),
        ["all"] = ("""["null",{"type":"array","items":{"type":"map","values":"Deep"}}]""", [2, 2, 2, 2, (byte)'k'], [0], [0, 0]),
    };

    public static TheoryData<string, int> Depths
    {
        get
        {
            var depths = new TheoryData<string, int>();
            foreach (var way in Ways.Keys)
            foreach (var depth in (int[])[10, 1_000, 10_000, 100_000])
                depths.Add(way, depth);
            return depths;
        }
    }

    [Theory, MemberData(nameof(Depths))]
    public void What_is_not_known_is_passed_over_to_a_depth_and_refused_beyond(string way, int depth)
    {
        var (codec, schema) = Codec(Ways[way].Type);
        byte[] open = [2, .. Repeated(Ways[way].Open, depth)];
        byte[] body = [.. open, .. Ways[way].Innermost, .. Repeated(Ways[way].Close, depth), 14];
        if (depth == 10)
            Assert.Equal(7, codec.Decode(StateContract.Of<Shallow>(), schema, body).Last);
        else
            Refused(codec, schema, body, "nested deeper than 64");
        // Cut off before anything is closed, as only a forger would.
        Refused(codec, schema, open, depth == 10 ? "" : "nested deeper than 64");
    }

    private static void Refused(AvroStateCodec codec, Fingerprint schema, byte[] body, string says)
    {
        var contract = StateContract.Of<Shallow>();
        var whole = Assert.Throws<StateFormatException>(() => codec.Decode(contract, schema, body));
        // One field is read past the same bytes.
        var field = Assert.Throws<StateFormatException>(() => codec.TryReadField(contract, Shallow.Fields.Last, schema, body, out _));
        foreach (var refused in (StateFormatException[])[whole, field])
        {
            Assert.Contains(says, refused.Reason, StringComparison.Ordinal);
            Assert.StartsWith("deep", refused.Path, StringComparison.Ordinal);
            Assert.InRange(refused.Offset, 2, body.Length);
            // Of a path only its beginning is of use to who reads it.
            Assert.InRange(refused.Path.Length, 4, 2_000);
        }
    }

    private static (AvroStateCodec Codec, Fingerprint Schema) Codec(string type)
    {
        var schemas = new AvroSchemaSet();
        var deep = $$"""{"type":"record","name":"Deep","fields":[{"name":"in","type":{{type}}}]}""";
        var schema = schemas.Add(
            $$$"""{"type":"record","name":"Shallow","fields":[{"name":"id","type":"int"},{"name":"deep","type":{{{deep}}}},{"name":"last","type":"int"}]}"""
        );
        return (new(schemas), schema);
    }

    private static IEnumerable<byte> Repeated(byte[] bytes, int times) => Enumerable.Repeat(bytes, times).SelectMany(b => b);
}

[StateContract("tests.shallow")]
public sealed partial record Shallow([StateKey] int Id, int Last);
