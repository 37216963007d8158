using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Xunit;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>
/// A generated reader by the plan of a schema in which everything changed that may, all at once and at every level: fields moved, removed, added, promoted and renamed,
/// symbols and branches moved, removed and added, single types made unions and unions single types. One rule by itself proves little of their sum.
/// </summary>
public sealed class AvroChangedSchemaTests
{
    private const int Orders = 200;

    private static readonly StateContract<Changed> Contract = StateContract.Of<Changed>();

    // What the writer has: a field, its type, and a value in bytes.
    private static readonly (string Name, string Type, byte[] Value)[] Written =
    [
        ("id", "\"int\"", Long(7)),
        // Promoted: an integer to a double, and to a long; bytes to text; each item of a map and an array.
        ("weight", "\"int\"", Long(3)),
        ("count", "\"int\"", Long(-9)),
        ("title", "\"bytes\"", Text("a name")),
        ("rates", """{"type":"map","values":"long"}""", [.. Long(1), .. Text("k"), .. Long(4), 0]),
        ("shares", """{"type":"array","items":["int","float","long"]}""", [.. Long(3), 0, .. Long(1), 2, .. Float(1.5f), 4, .. Long(2), 0]),
        // Symbols in another order, one that the reader knows and one that it does not.
        ("mood", "<Mood>", [4]),
        ("other", "<Mood>", [0]),
        // A single type becomes a union, a union a single type, a union another one.
        ("level", "\"int\"", Long(5)),
        ("ratio", """["long","int","float"]""", [2, .. Long(6)]),
        ("remark", """["bytes","null","int"]""", [0, .. Text("said")]),
        ("nothing", """["bytes","null"]""", [2]),
        // Records within: moved, removed, promoted, renamed as a type and as a field.
        ("parts", """{"type":"array","items":<Piece>}""", [.. Long(2), .. Part("x", 1), .. Part("y", 2), 0]),
        ("main", """[<Piece>,"null"]""", [0, .. Part("z", 3)]),
        // Cases: in another order, one under its earlier name, one that the reader does not know.
        ("form", "[<square>,<ring>,<blob>]", [2, .. Long(8), .. Text("gone")]),
        ("forms", """{"type":"array","items":[<square>,<ring>]}""", [.. Long(2), 0, .. Text("s"), 2, .. Long(1), .. Text("r"), 0]),
        // Removed, of every kind.
        ("gone1", "\"null\"", []),
        ("gone2", """["null",{"type":"map","values":<Piece>}]""", [2, .. Long(1), .. Text("k"), .. Part("g", 1), 0]),
        ("gone3", """{"type":"fixed","name":"Hash","size":3}""", [1, 2, 3]),
        ("gone4", """{"type":"array","items":<Mood>}""", [1, 2, 4, 0]),
        ("gone5", "\"double\"", new byte[8]),
    ];

    // The writer's named types: declared where one is first used, by its name from there on.
    private static readonly Dictionary<string, string> Named = new()
    {
        ["Mood"] = """{"type":"enum","name":"Mood","symbols":["Glad","Wild","Tame"]}""",
        ["Piece"] =
            """{"type":"record","name":"Piece","fields":[{"name":"size","type":"int"},{"name":"gone","type":"string"},{"name":"label","type":"string"}]}""",
        ["square"] = """{"type":"record","name":"square","fields":[{"name":"side","type":"string"}]}""",
        ["ring"] = """{"type":"record","name":"ring","fields":[{"name":"width","type":"int"},{"name":"gone","type":"string"}]}""",
        ["blob"] = """{"type":"record","name":"blob","fields":[]}""",
    };

    [Fact]
    public void Everything_that_changed_at_once_is_read_in_whatever_order_it_comes()
    {
        var random = new Random(7);
        for (var order = 0; order < Orders; order++)
        {
            var fields = Written.ToArray();
            random.Shuffle(fields);
            var (codec, schema) = Codec(fields);
            byte[] body = [.. fields.SelectMany(f => f.Value)];
            Check(codec.Decode(Contract, schema, body));
            // Past whatever stands before it.
            Assert.True(codec.TryReadField(Contract, Changed.Fields.Name, schema, body, out var name));
            Assert.Equal("a name", name);
            Assert.True(codec.TryReadField(Contract, Changed.Fields.Mood, schema, body, out var mood));
            Assert.Equal(Mood.Unknown, mood);
            Assert.True(codec.TryReadField(Contract, Changed.Fields.Added, schema, body, out var added));
            Assert.Equal(5, added);
        }
    }

    [Fact]
    public void Body_cut_at_any_byte_is_refused_with_its_place()
    {
        var (codec, schema) = Codec(Written);
        byte[] body = [.. Written.SelectMany(f => f.Value)];
        Check(codec.Decode(Contract, schema, body));
        for (var length = 0; length < body.Length; length++)
        {
            var refused = Assert.Throws<StateFormatException>(() => codec.Decode(Contract, schema, body.AsMemory(0, length)));
            Assert.InRange(refused.Offset, 0, length);
        }
    }

    [Theory]
    // A branch of the writer's alone: a number where a text or nothing is read, a record without a case.
    [InlineData("remark", "0402", "remark")]
    [InlineData("form", "04", "form")]
    public void Branch_that_cannot_be_read_is_refused_when_it_comes(string field, string value, string path)
    {
        var (codec, schema) = Codec(Written);
        byte[] body = [.. Written.SelectMany(f => f.Name == field ? Convert.FromHexString(value) : f.Value)];
        var refused = Assert.Throws<StateFormatException>(() => codec.Decode(Contract, schema, body));
        Assert.Equal(path, refused.Path);
        Assert.Contains("cannot be read", refused.Reason, StringComparison.Ordinal);
    }

    private static void Check(Changed state)
    {
        Assert.Equal((7, 3d, -9L, "a name", 5), (state.Id, state.Weight, state.Count, state.Name, state.Added));
        Assert.Equal((Mood.Unknown, Mood.Glad), (state.Mood, state.Other));
        Assert.Equal((5, 6f, "said", null), (state.Level, state.Ratio, state.Remark, state.Nothing));
        Assert.Equal(new KeyValuePair<string, double>("k", 4), state.Rates.Single());
        Assert.Equal([1d, 1.5d, 2d], state.Shares);
        Assert.Equal([new("x", 1), new("y", 2)], state.Parts);
        Assert.Equal(new Part("z", 3), state.Main);
        Assert.Equal(new Circle(8), state.Form);
        Assert.Equal([new Square("s"), new Circle(1)], state.Forms);
    }

    private static (AvroStateCodec Codec, Fingerprint Schema) Codec(IEnumerable<(string Name, string Type, byte[] Value)> fields)
    {
        var text = string.Join(',', fields.Select(f => $$"""{"name":"{{f.Name}}","type":{{f.Type}}}"""));
        foreach (var (name, declared) in Named)
        {
            var first = text.IndexOf($"<{name}>", StringComparison.Ordinal);
            text = text.Remove(first, name.Length + 2)
                .Insert(first, declared)
                .Replace($"<{name}>", $"\"{name}\"", StringComparison.Ordinal);
        }
        var schemas = new AvroSchemaSet();
        var schema = schemas.Add($$"""{"type":"record","name":"Changed","namespace":"of.the.writer","fields":[{{text}}]}""");
        return (new(schemas), schema);
    }

    private static byte[] Part(string label, int size) => [.. Long(size), .. Text("gone"), .. Text(label)];

    private static byte[] Text(string text) => [.. Long(text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Long(int small) => [(byte)((small << 1) ^ (small >> 31))];

    private static byte[] Float(float value)
    {
        var bytes = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return bytes;
    }
}

[StateContract("tests.changed")]
public sealed partial record Changed(
    double Weight,
    [StateKey] int Id,
    long Count,
    [Alias("title")] string Name,
    ImmutableDictionary<string, double> Rates,
    ImmutableArray<double> Shares,
    Mood Mood,
    Mood Other,
    int? Level,
    float Ratio,
    string? Remark,
    string? Nothing,
    ImmutableArray<Part> Parts,
    Part? Main,
    Form Form,
    ImmutableArray<Form> Forms,
    int Added = 5
);

public enum Mood
{
    [EnumDefault]
    Unknown,
    Wild,
    Glad,
}

[Alias("Piece")]
public sealed record Part([Alias("label")] string Name, long Size, string? Added = null);

[StateCase<Circle>("circle")]
[StateCase<Square>("square")]
public abstract record Form;

[Alias("ring")]
public sealed record Circle([Alias("width")] double Radius) : Form;

public sealed record Square(string Side) : Form;
