using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using System.Xml;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Statecast.Generators.Emitting;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Reads a property's default: from [Default], or from its parameter's own default value.</summary>
internal static class DefaultReader
{
    public static DefaultShape? Read(
        IPropertySymbol property,
        IParameterSymbol? parameter,
        ValueShape value,
        string path,
        Findings findings
    )
    {
        object? constant;
        if (Attributes.Find(property, parameter, "DefaultAttribute") is { } attribute)
            constant = Given(attribute, property.Type);
        else if (parameter is { HasExplicitDefaultValue: true })
            constant = parameter.ExplicitDefaultValue;
        else
        {
            if (IsInitialized(property))
                findings.Add(WireRules.InitializerIsNoDefault, property, path, value is NullableShape ? "gives null" : "is parked");
            return null;
        }
        if (value is NullableShape)
        {
            if (constant is not null)
                findings.Add(WireRules.BadDefault, property, path, "a nullable property's default is null; remove one of the two");
            return null;
        }
        var made = Make(value, constant, property.Type);
        if (made is null)
            findings.Add(WireRules.BadDefault, property, path, Expected(value));
        return made;
    }

    // Whoever writes null means nothing by it, but to quiet the compiler.
    private static bool IsInitialized(IPropertySymbol property) =>
        property.DeclaringSyntaxReferences.Any(r =>
            r.GetSyntax() is PropertyDeclarationSyntax { Initializer.Value: { } value }
            && !value.DescendantNodesAndSelf().Any(n => n.IsKind(SyntaxKind.NullLiteralExpression))
            && !value.DescendantNodesAndSelf().Any(n => n.IsKind(SyntaxKind.DefaultLiteralExpression))
        );

    // What is no constant of a value (an array, a type, another enum's member) stays as an object that no shape takes.
    private static object? Given(AttributeData attribute, ITypeSymbol type) =>
        attribute.ConstructorArguments is not [var given] ? null
        : given.Kind == TypedConstantKind.Primitive ? given.Value
        : given.Kind == TypedConstantKind.Enum && SymbolEqualityComparer.Default.Equals(given.Type, type) ? given.Value
        : attribute;

    private static DefaultShape? Make(ValueShape value, object? constant, ITypeSymbol type) =>
        value switch
        {
            ScalarShape scalar => MakeScalar(scalar, constant),
            EnumShape shape => MakeEnum(shape, constant, type),
            ListShape when constant is null => new(value.Type + ".Empty", "[]"),
            SetShape set when constant is null => new(value.Type + Empty(set), "[]"),
            MapShape map when constant is null => new(
                value.Type + (map.Factory == "ImmutableSortedDictionary" ? $".Empty.WithComparers({Code.Ordinal})" : ".Empty"),
                "{}"
            ),
            WrapperShape wrapper when Make(wrapper.Inner, constant, type) is { } inner => new(
                Code.Construct(wrapper, inner.CSharp),
                inner.Json,
                inner.Plain
            ),
            _ => null,
        };

    // As it is read.
    private static string Empty(SetShape set) => set.IsOrdinal ? $".Empty.WithComparer({Code.Ordinal})" : ".Empty";

    private static DefaultShape? MakeEnum(EnumShape shape, object? constant, ITypeSymbol type)
    {
        constant ??= 0;
        if (!IsInteger(constant))
            return null;
        var value = Convert.ToDecimal(constant, CultureInfo.InvariantCulture);
        var member = type.GetMembers()
            .OfType<IFieldSymbol>()
            .FirstOrDefault(f => f.HasConstantValue && Convert.ToDecimal(f.ConstantValue, CultureInfo.InvariantCulture) == value);
        return member is null ? null : new(Code.Member(shape, member.Name), Code.QuoteJson(member.Name));
    }

    private static DefaultShape? MakeScalar(ScalarShape shape, object? constant) =>
        shape.Scalar switch
        {
            Scalar.Boolean when constant is null or bool => Same(constant is true ? "true" : "false"),
            Scalar.String when constant is null or string => MakeText(constant as string ?? ""),
            Scalar.Bytes when constant is null => new(shape.Type + ".Empty", "\"\""),
            Scalar.Single or Scalar.Double => MakeFloating(shape, constant ?? 0),
            Scalar.Decimal => MakeDecimal(shape, constant ?? 0),
            Scalar.Guid => MakeGuid(constant ?? Guid.Empty.ToString()),
            Scalar.DateOnly => MakeDate(constant ?? "0001-01-01"),
            Scalar.TimeOnly => MakeTime(constant ?? "00:00:00"),
            Scalar.TimeSpan => MakeDuration(constant ?? "PT0S"),
            Scalar.DateTime or Scalar.DateTimeOffset => MakeInstant(shape.Scalar, constant ?? "0001-01-01T00:00:00Z"),
            >= Scalar.SByte and <= Scalar.UInt64 => MakeInteger(shape, constant ?? 0),
            _ => null,
        };

    private static bool IsInteger(object constant) => constant is sbyte or byte or short or ushort or int or uint or long or ulong;

    private static DefaultShape? MakeText(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return null;
        return new(Code.Quote(text), Code.QuoteJson(text));
    }

    private static DefaultShape Same(string text) => new(text, text);

    private static DefaultShape? MakeInteger(ScalarShape shape, object constant)
    {
        if (!IsInteger(constant))
            return null;
        var value = Convert.ToDecimal(constant, CultureInfo.InvariantCulture);
        var (min, max) = shape.Scalar switch
        {
            Scalar.SByte => (sbyte.MinValue, sbyte.MaxValue),
            Scalar.Byte => (byte.MinValue, byte.MaxValue),
            Scalar.Int16 => (short.MinValue, short.MaxValue),
            Scalar.UInt16 => (ushort.MinValue, ushort.MaxValue),
            Scalar.Int32 => (int.MinValue, int.MaxValue),
            Scalar.UInt32 => (uint.MinValue, uint.MaxValue),
            Scalar.Int64 => (long.MinValue, long.MaxValue),
            _ => ((decimal)ulong.MinValue, (decimal)ulong.MaxValue),
        };
        if (value < min || value > max)
            return null;
        var text = value.ToString(CultureInfo.InvariantCulture);
        return new($"({shape.Type})({text})", shape.Scalar == Scalar.UInt64 ? Bytes(new BigInteger(value)) : text, text);
    }

    private static DefaultShape? MakeFloating(ScalarShape shape, object constant)
    {
        if (!IsInteger(constant) && constant is not (float or double))
            return null;
        var value = Convert.ToDouble(constant, CultureInfo.InvariantCulture);
        var widest = shape.Scalar == Scalar.Single ? float.MaxValue : double.MaxValue;
        if (!(Math.Abs(value) <= widest))
            return null;
        var text = constant is float single
            ? single.ToString("R", CultureInfo.InvariantCulture)
            : value.ToString("R", CultureInfo.InvariantCulture);
        return new($"({shape.Type})({text})", text);
    }

    private static DefaultShape? MakeDecimal(ScalarShape shape, object constant)
    {
        decimal value;
        if (constant is string text)
        {
            if (
                !decimal.TryParse(
                    text,
                    NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out value
                )
            )
                return null;
        }
        else if (IsInteger(constant) || constant is decimal)
            value = Convert.ToDecimal(constant, CultureInfo.InvariantCulture);
        else
            return null;
        var unscaled = new BigInteger(value * Power(shape.Scale));
        if (decimal.Round(value, shape.Scale) != value || BigInteger.Abs(unscaled) >= BigInteger.Pow(10, shape.Precision))
            return null;
        var digits = value.ToString("F" + shape.Scale, CultureInfo.InvariantCulture);
        return new(digits + "M", Bytes(unscaled), digits);
    }

    private static decimal Power(int exponent)
    {
        var power = 1m;
        for (; exponent > 0; exponent--)
            power *= 10;
        return power;
    }

    private static DefaultShape? MakeGuid(object constant) =>
        constant is string text && Guid.TryParseExact(text, "D", out var value)
            ? new($"new global::System.Guid(\"{value}\")", $"\"{value}\"")
            : null;

    private static DefaultShape? MakeDate(object constant) =>
        constant is string text
        && DateTime.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? new(
                FormattableString.Invariant($"new global::System.DateOnly({date.Year}, {date.Month}, {date.Day})"),
                FormattableString.Invariant($"{(date - Epoch).Days}"),
                $"\"{text}\""
            )
            : null;

    private static DefaultShape? MakeInstant(Scalar scalar, object constant)
    {
        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (constant is not string text || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, utc, out var instant))
            return null;
        var micros = (instant.UtcTicks - instant.UtcTicks % 10 - Epoch.Ticks) / 10;
        var ticks = micros * 10 + Epoch.Ticks;
        return new(
            scalar == Scalar.DateTime
                ? FormattableString.Invariant($"new global::System.DateTime({ticks}L, global::System.DateTimeKind.Utc)")
                : FormattableString.Invariant($"new global::System.DateTimeOffset({ticks}L, global::System.TimeSpan.Zero)"),
            FormattableString.Invariant($"{micros}"),
            FormattableString.Invariant($"\"{new DateTime(ticks):yyyy-MM-dd'T'HH:mm:ss.FFFFFF}Z\"")
        );
    }

    private static DefaultShape? MakeTime(object constant) =>
        constant is string text
        && DateTime.TryParseExact(text, "HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault, out var time)
            ? new(
                FormattableString.Invariant($"new global::System.TimeOnly({time.Ticks}L)"),
                FormattableString.Invariant($"{time.Ticks / 10}"),
                FormattableString.Invariant($"\"{time:HH:mm:ss.FFFFFF}\"")
            )
            : null;

    private static DefaultShape? MakeDuration(object constant)
    {
        // The framework reads the text, but would take years and months for days.
        if (constant is not string text || !Duration.IsMatch(text))
            return null;
        try
        {
            var value = XmlConvert.ToTimeSpan(text);
            return new(
                FormattableString.Invariant($"new global::System.TimeSpan({value.Ticks}L)"),
                FormattableString.Invariant($"{value.Ticks / 10}"),
                $"\"{XmlConvert.ToString(value)}\""
            );
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }

    private static readonly Regex Duration = new(
        @"^-?P(?=[0-9T])([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]{1,6})?S)?)?\z",
        RegexOptions.CultureInvariant
    );

    private static readonly DateTime Epoch = new(1970, 1, 1);

    // Avro writes a default of bytes as a text whose characters are the bytes.
    private static string Bytes(BigInteger unscaled) =>
        "\"" + string.Concat(Enumerable.Reverse(unscaled.ToByteArray()).Select(b => $"\\u{(int)b:x4}")) + "\"";

    private static string Expected(ValueShape value) =>
        value switch
        {
            ScalarShape { Scalar: Scalar.Decimal } d =>
                $"write an invariant text like \"12.50\" that fits [Decimal({d.Precision}, {d.Scale})]",
            ScalarShape { Scalar: Scalar.Guid } => "write a text like \"00000000-0000-0000-0000-000000000000\"",
            ScalarShape { Scalar: Scalar.DateOnly } => "write a text like \"2024-05-01\"",
            ScalarShape { Scalar: Scalar.TimeOnly } => "write a text like \"08:30:00\", at most to microseconds",
            ScalarShape { Scalar: Scalar.TimeSpan } =>
                "write a text like \"PT1H30M\" or \"-P1DT0.5S\", without years and months, at most to microseconds",
            ScalarShape { Scalar: Scalar.DateTime or Scalar.DateTimeOffset } => "write a text like \"2024-05-01T00:00:00Z\"",
            ScalarShape { Scalar: Scalar.Bytes } or ListShape or SetShape or MapShape =>
                "a collection's default is empty: write [Default] without a value",
            EnumShape => "write one of the enum's members",
            RecordShape or HierarchyShape => "a record has none; make the property nullable",
            _ => "write a constant of the property's type, within its range",
        };
}
