using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;

namespace Statecast.Codecs.Tests.Contracts;

/// <summary>A type within a made-up contract: what it is called in C#, and how a value of it is written in the JSON form of <c>docs/wire.md</c>.</summary>
internal abstract record Shape(string CSharp)
{
    public abstract void Write(Utf8JsonWriter json, Random random);
}

/// <summary>A scalar.</summary>
/// <param name="CSharp">Its C# type.</param>
/// <param name="Scale">A decimal's digits after the point.</param>
/// <param name="Precision">A decimal's digits.</param>
internal sealed record ScalarType(string CSharp, int Precision = 0, int Scale = 0) : Shape(CSharp)
{
    public static readonly string[] All =
    [
        "bool",
        "sbyte",
        "byte",
        "short",
        "ushort",
        "int",
        "uint",
        "long",
        "ulong",
        "float",
        "double",
        "string",
        "decimal",
        "Guid",
        "DateTimeOffset",
        "DateTime",
        "DateOnly",
        "TimeOnly",
        "TimeSpan",
        "ImmutableArray<byte>",
    ];

    private static readonly string[] Texts = ["", "a", "ü", "😀", "\0", "\"\\/\b\f\n\r\t", "\u2028\uFEFF\uFFFD", "مرحبا", "x\U0010FFFFy"];

    /// <summary>Whether a set can hold it: floating point and bytes have no order on the wire.</summary>
    public bool HasOrder => CSharp is not ("float" or "double" or "ImmutableArray<byte>");

    public override void Write(Utf8JsonWriter json, Random random)
    {
        switch (CSharp)
        {
            case "bool":
                json.WriteBooleanValue(random.Next(2) == 0);
                break;
            case "string":
                json.WriteStringValue(Text(random));
                break;
            case "float":
                json.WriteNumberValue(Finite(random, () => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))));
                break;
            case "double":
                json.WriteNumberValue(Finite(random, () => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))));
                break;
            case "decimal":
                json.WriteRawValue(Decimal(random));
                break;
            case "Guid":
                var bytes = new byte[16];
                random.NextBytes(bytes);
                json.WriteStringValue(new Guid(bytes));
                break;
            case "DateTimeOffset" or "DateTime":
                json.WriteStringValue(Instant(random));
                break;
            case "DateOnly":
                var day = (int)Between(random, DateOnly.MinValue.DayNumber, DateOnly.MaxValue.DayNumber);
                json.WriteStringValue(DateOnly.FromDayNumber(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
                break;
            case "TimeOnly":
                var time = new TimeOnly(Between(random, 0, TimeSpan.TicksPerDay / 10 - 1) * 10);
                json.WriteStringValue(time.ToString("HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture));
                break;
            case "TimeSpan":
                json.WriteStringValue(
                    System.Xml.XmlConvert.ToString(new TimeSpan(Between(random, long.MinValue / 10, long.MaxValue / 10) * 10))
                );
                break;
            case "ImmutableArray<byte>":
                var content = new byte[random.Next(4) == 0 ? random.Next(300) : random.Next(4)];
                random.NextBytes(content);
                json.WriteBase64StringValue(content);
                break;
            default:
                var (min, max) = Range(CSharp);
                json.WriteRawValue(((Int128)min + Offset(random, max - min)).ToString(CultureInfo.InvariantCulture));
                break;
        }
    }

    /// <summary>A default for <c>[Default]</c>, as C#; null where the type's own zero is to be.</summary>
    public string? Default(Random random) =>
        CSharp switch
        {
            "bool" => "true",
            "string" => "\"gone \\u00fc\"",
            "float" or "double" => "1.5f",
            "decimal" => "\"" + (Scale == 0 ? "7" : "0." + new string('0', Scale - 1) + "7") + "\"",
            "Guid" => "\"00112233-4455-6677-8899-aabbccddeeff\"",
            "DateTimeOffset" or "DateTime" => "\"1969-12-31T23:59:59.5Z\"",
            "DateOnly" => "\"1999-02-28\"",
            "TimeOnly" => "\"08:30:00.25\"",
            "TimeSpan" => "\"-P1DT0.5S\"",
            "ImmutableArray<byte>" => null,
            _ => random.Next(100).ToString(CultureInfo.InvariantCulture),
        };

    private static (Int128 Min, Int128 Max) Range(string type) =>
        type switch
        {
            "sbyte" => (sbyte.MinValue, sbyte.MaxValue),
            "byte" => (byte.MinValue, byte.MaxValue),
            "short" => (short.MinValue, short.MaxValue),
            "ushort" => (ushort.MinValue, ushort.MaxValue),
            "int" => (int.MinValue, int.MaxValue),
            "uint" => (uint.MinValue, uint.MaxValue),
            "long" => (long.MinValue, long.MaxValue),
            "ulong" => (ulong.MinValue, ulong.MaxValue),
            _ => throw new InvalidOperationException($"{type} is no integer."),
        };

    // The ends, around them, around powers of two, and anything: where a varint grows by a byte is where mistakes are.
    private static Int128 Offset(Random random, Int128 span) =>
        random.Next(4) switch
        {
            0 => Int128.Min(span, random.Next(3)),
            1 => span - Int128.Min(span, random.Next(3)),
            2 => Int128.Clamp((span >> 1) + 1 + ((Int128)random.Next(-2, 3) << random.Next(62)), 0, span),
            _ => (Int128)((UInt128)(ulong)random.NextInt64(long.MinValue, long.MaxValue) % ((UInt128)span + 1)),
        };

    private static long Between(Random random, long min, long max) => (long)(min + Offset(random, (Int128)max - min));

    private string Decimal(Random random)
    {
        var digits = random.Next(1, Precision + 1);
        var text = "";
        for (var i = 0; i < digits; i++)
            text += (char)('0' + random.Next(10));
        var unscaled = Int128.Parse(text, CultureInfo.InvariantCulture);
        var sign = unscaled != 0 && random.Next(2) == 0 ? "-" : "";
        text = unscaled.ToString(CultureInfo.InvariantCulture).PadLeft(Scale + 1, '0');
        return sign + (Scale == 0 ? text : $"{text[..^Scale]}.{text[^Scale..]}");
    }

    private static string Instant(Random random)
    {
        var ticks = Between(random, 0, DateTime.MaxValue.Ticks / 10) * 10;
        return new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture);
    }

    private static string Text(Random random)
    {
        var text = "";
        for (var parts = random.Next(4); parts > 0; parts--)
            text += random.Next(6) == 0 ? new string('z', random.Next(200)) : Texts[random.Next(Texts.Length)];
        return text;
    }

    private static T Finite<T>(Random random, Func<T> any)
        where T : System.Numerics.IFloatingPointIeee754<T>
    {
        if (random.Next(3) == 0)
            return T.CreateChecked(random.Next(-1000, 1000)) / T.CreateChecked(8);
        for (; ; )
            if (any() is var value && T.IsFinite(value))
                return value;
    }
}

/// <summary>A value or null.</summary>
internal sealed record NullableType(Shape Inner) : Shape(Inner.CSharp + "?")
{
    public override void Write(Utf8JsonWriter json, Random random)
    {
        if (random.Next(3) == 0)
            json.WriteNullValue();
        else
            Inner.Write(json, random);
    }
}

/// <summary>An enum.</summary>
internal sealed record EnumType(string CSharp, IReadOnlyList<string> Members) : Shape(CSharp)
{
    public override void Write(Utf8JsonWriter json, Random random) => json.WriteStringValue(Members[random.Next(Members.Count)]);
}

/// <summary>A struct that travels as its one property.</summary>
internal sealed record WrapperType(string CSharp, ScalarType Inner) : Shape(CSharp)
{
    public override void Write(Utf8JsonWriter json, Random random) => Inner.Write(json, random);
}

/// <summary>A list or a set.</summary>
internal sealed record ItemsType(string CSharp, Shape Item) : Shape(CSharp)
{
    public override void Write(Utf8JsonWriter json, Random random)
    {
        json.WriteStartArray();
        for (var left = random.Next(4); left > 0; left--)
            Item.Write(json, random);
        json.WriteEndArray();
    }
}

/// <summary>A dictionary.</summary>
internal sealed record MapType(string CSharp, Shape Value) : Shape(CSharp)
{
    private static readonly string[] Keys = ["", "a", "B", "\uFFFD", "😀", "ü", "k1", "k10", "k2"];

    public override void Write(Utf8JsonWriter json, Random random)
    {
        json.WriteStartObject();
        foreach (var key in random.GetItems(Keys, random.Next(4)).Distinct())
        {
            json.WritePropertyName(key);
            Value.Write(json, random);
        }
        json.WriteEndObject();
    }
}

/// <summary>A record or struct, or a case of a hierarchy if it has a case name.</summary>
internal sealed record ObjectType(string CSharp, IReadOnlyList<(string Name, Shape Type)> Properties, string? Case = null) : Shape(CSharp)
{
    public override void Write(Utf8JsonWriter json, Random random)
    {
        json.WriteStartObject();
        if (Case is not null)
            json.WriteString("$type", Case);
        foreach (var (name, type) in Properties)
        {
            json.WritePropertyName(name);
            type.Write(json, random);
        }
        json.WriteEndObject();
    }
}

/// <summary>A closed hierarchy.</summary>
internal sealed record HierarchyType(string CSharp, IReadOnlyList<ObjectType> Cases) : Shape(CSharp)
{
    public override void Write(Utf8JsonWriter json, Random random) => Cases[random.Next(Cases.Count)].Write(json, random);
}
