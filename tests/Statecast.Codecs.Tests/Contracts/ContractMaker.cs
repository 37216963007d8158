using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Statecast.Codecs.Tests.Contracts;

/// <summary>A made-up contract: its C#, and states of it as JSON.</summary>
/// <param name="Number">Its number, which is its seed: the same number is the same contract.</param>
/// <param name="Source">The C# of a file with it and its types.</param>
/// <param name="States">States, in the JSON form of <c>docs/wire.md</c>.</param>
internal sealed record MadeContract(int Number, string Source, IReadOnlyList<string> States)
{
    public string TypeName => FormattableString.Invariant($"Made{Number}.State");
}

/// <summary>Makes contracts up from a seed: every kind of type a contract can hold, nested in each other.</summary>
internal sealed class ContractMaker
{
    private const int MaxDepth = 2;

    private readonly Random _random;
    private readonly StringBuilder _types = new();
    private int _typeCount;

    private ContractMaker(int seed) => _random = new(seed);

    public static MadeContract Make(int number, int seed, int states)
    {
        var maker = new ContractMaker(unchecked(seed * 1_000_003 + number));
        var state = maker.State(number);
        var source = FormattableString.Invariant($"namespace Made{number}\n{{\n{maker._types}}}\n");
        return new(number, source, [.. Enumerable.Range(0, states).Select(_ => maker.Value(state))]);
    }

    private string Value(ObjectType state)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            state.Write(json, _random);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private ObjectType State(int number)
    {
        var key = _random.GetItems(["int", "long", "string", "Guid", "DateOnly"], 1)[0];
        var properties = new List<(string, Shape)> { ("id", new ScalarType(key)) };
        var body = new StringBuilder();
        Properties(body, properties, _random.Next(1, 4), 0, mayDefault: true);
        _types.Append(
            CultureInfo.InvariantCulture,
            $"[StateContract(\"made.c{number}\")] public sealed partial record State([StateKey] {key} Id)\n{{\n{body}}}\n"
        );
        return new("State", properties);
    }

    private void Properties(StringBuilder body, List<(string, Shape)> properties, int count, int depth, bool mayDefault)
    {
        for (var i = 0; i < count; i++)
        {
            var type = Type(depth);
            var name = FormattableString.Invariant($"P{properties.Count}");
            if (_random.Next(4) == 0)
                body.Append(CultureInfo.InvariantCulture, $"[Alias(\"old{properties.Count}\")] ");
            if (DecimalOf(type) is { } number)
                body.Append(CultureInfo.InvariantCulture, $"[Decimal({number.Precision}, {number.Scale})] ");
            if (mayDefault && _random.Next(2) == 0 && type is ScalarType scalar)
                body.Append(scalar.Default(_random) is { } value ? $"[Default({value})] " : "[Default] ");
            else if (mayDefault && _random.Next(2) == 0 && type is ItemsType or MapType)
                body.Append("[Default] ");
            body.Append(CultureInfo.InvariantCulture, $"public required {type.CSharp} {name} {{ get; init; }}\n");
            properties.Add((name.ToLowerInvariant(), type));
        }
    }

    private Shape Type(int depth)
    {
        var kind = _random.Next(depth >= MaxDepth ? 12 : 12 + 14 / (depth + 1));
        return kind switch
        {
            < 8 => Scalar(),
            8 => Enum(),
            9 => Wrapper(),
            10 => Set(),
            11 => new NullableType(Scalar()),
            12 => Hierarchy(depth),
            13 => Record(depth),
            14 => Items(depth),
            15 => Map(depth),
            16 => new NullableType(Hierarchy(depth)),
            17 => Struct(depth),
            18 => new NullableType(Present(depth + 1)),
            < 22 => Items(depth),
            22 => Record(depth),
            23 => Map(depth),
            _ => Struct(depth),
        };
    }

    private Shape Present(int depth) => Type(depth) is var type && type is NullableType nullable ? nullable.Inner : type;

    private ScalarType Scalar()
    {
        var type = ScalarType.All[_random.Next(ScalarType.All.Length)];
        if (type != "decimal")
            return new(type);
        var precision = _random.Next(1, 29);
        return new(type, precision, _random.Next(0, precision + 1));
    }

    private ItemsType Items(int depth)
    {
        var item = Type(depth + 1);
        // An immutable array of bytes is no list, but bytes.
        return new($"Immutable{(item.CSharp == "byte" || _random.Next(3) == 0 ? "List" : "Array")}<{item.CSharp}>", item);
    }

    private ItemsType Set()
    {
        Shape item = _random.Next(4) == 0 ? Enum() : Scalar();
        if (item is ScalarType { HasOrder: false })
            item = new ScalarType("string");
        return new($"Immutable{(_random.Next(2) == 0 ? "Hash" : "Sorted")}Set<{item.CSharp}>", item);
    }

    private MapType Map(int depth)
    {
        var value = Type(depth + 1);
        return new($"Immutable{(_random.Next(2) == 0 ? "" : "Sorted")}Dictionary<string, {value.CSharp}>", value);
    }

    private EnumType Enum()
    {
        var name = Name("E");
        // Now and then beyond 64, where an index needs two bytes.
        var members = Enumerable
            .Range(0, _random.Next(10) == 0 ? _random.Next(64, 70) : _random.Next(1, 6))
            .Select(i => FormattableString.Invariant($"M{i}"))
            .ToList();
        var marked = _random.Next(3) > 0 ? _random.Next(members.Count) : -1;
        var declared = members.Select((m, i) => (i == marked ? "[EnumDefault] " : "") + m);
        _types.Append(CultureInfo.InvariantCulture, $"public enum {name} {{ {string.Join(", ", declared)} }}\n");
        return new(name, members);
    }

    private WrapperType Wrapper()
    {
        var name = Name("W");
        var inner = Scalar();
        if (inner.CSharp is "decimal" or "ImmutableArray<byte>")
            inner = new("long");
        _types.Append(CultureInfo.InvariantCulture, $"public readonly record struct {name}({inner.CSharp} Value);\n");
        return new(name, inner);
    }

    private ObjectType Record(int depth)
    {
        var name = Name("R");
        var (body, properties) = Body(depth, _random.Next(1, 3));
        var alias = _random.Next(4) == 0 ? $"[Alias(\"Old{name}\")] " : "";
        _types.Append(CultureInfo.InvariantCulture, $"{alias}public sealed record {name}\n{{\n{body}}}\n");
        return new(name, properties);
    }

    private ObjectType Struct(int depth)
    {
        var name = Name("S");
        var (body, properties) = Body(depth, 2);
        _types.Append(CultureInfo.InvariantCulture, $"public readonly record struct {name}\n{{\n{body}}}\n");
        return new(name, properties);
    }

    private HierarchyType Hierarchy(int depth)
    {
        var root = Name("H");
        var cases = new List<ObjectType>();
        for (var left = _random.Next(1, 4); left > 0; left--)
        {
            var name = Name("C");
            var (body, properties) = Body(depth, _random.Next(1, 3));
            _types.Append(CultureInfo.InvariantCulture, $"public sealed record {name} : {root}\n{{\n{body}}}\n");
            cases.Add(new(name, properties, "case" + name));
        }
        foreach (var one in cases)
            _types.Append(CultureInfo.InvariantCulture, $"[StateCase<{one.CSharp}>(\"{one.Case}\")]\n");
        _types.Append(CultureInfo.InvariantCulture, $"public abstract record {root};\n");
        return new(root, cases);
    }

    private (StringBuilder, List<(string, Shape)>) Body(int depth, int count)
    {
        var body = new StringBuilder();
        var properties = new List<(string, Shape)>();
        Properties(body, properties, count, depth + 1, mayDefault: true);
        return (body, properties);
    }

    private string Name(string prefix) => prefix + (_typeCount++).ToString(CultureInfo.InvariantCulture);

    // A decimal inside a record or case speaks for itself, by its own property's attribute.
    private static ScalarType? DecimalOf(Shape type) =>
        type switch
        {
            ScalarType { CSharp: "decimal" } number => number,
            NullableType nullable => DecimalOf(nullable.Inner),
            ItemsType items => DecimalOf(items.Item),
            MapType map => DecimalOf(map.Value),
            _ => null,
        };
}
