using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Statecast.Contracts;

namespace Statecast.Serialization.Json;

/// <summary>What generated writers call where <see cref="Utf8JsonWriter"/> has no method of its own.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class JsonStateWriter
{
    // A sign, a zero, a point and 28 digits.
    private const int MaxDecimalLength = 31;

    /// <summary>
    /// A decimal at its declared scale: <c>12.50</c>. <see cref="Utf8JsonWriter"/> formats decimals by way of general numbers, which takes a third of a whole
    /// order's time; nearly all of ours are digits of 64 bits.
    /// </summary>
    /// <exception cref="StateValueException">It does not fit.</exception>
    public static void WriteDecimal(Utf8JsonWriter writer, decimal value, int precision, int scale, string path)
    {
        if (!ExactDecimal.TryPlain(value, precision, scale, out var digits))
        {
            writer.WriteNumberValue(ValueDomain.Decimal(value, precision, scale, path));
            return;
        }
        Span<byte> text = stackalloc byte[MaxDecimalLength];
        var at = text.Length;
        // A negative zero is zero.
        var isNegative = decimal.IsNegative(value) && digits != 0;
        for (var i = 0; i < scale; i++)
            TakeDigit(text, ref at, ref digits);
        if (scale > 0)
            text[--at] = (byte)'.';
        do TakeDigit(text, ref at, ref digits);
        while (digits != 0);
        if (isNegative)
            text[--at] = (byte)'-';
        writer.WriteRawValue(text[at..], skipInputValidation: true);
    }

    /// <summary>A date: <c>2024-05-01</c>.</summary>
    public static void WriteDate(Utf8JsonWriter writer, DateOnly value)
    {
        Span<byte> text = stackalloc byte[10];
        value.TryFormat(text, out _, "O", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text);
    }

    /// <summary>A time of day, cut to microseconds: <c>08:30:00.5</c>.</summary>
    public static void WriteTime(Utf8JsonWriter writer, TimeOnly value)
    {
        Span<byte> text = stackalloc byte[JsonTimes.MaxLength];
        writer.WriteStringValue(text[..JsonTimes.WriteTime(text, value)]);
    }

    /// <summary>A duration, cut to microseconds: <c>-P1DT2H0.5S</c>.</summary>
    public static void WriteDuration(Utf8JsonWriter writer, TimeSpan value)
    {
        Span<byte> text = stackalloc byte[JsonTimes.MaxLength];
        writer.WriteStringValue(text[..JsonTimes.WriteDuration(text, ValueDomain.Micros(value))]);
    }

    private static void TakeDigit(Span<byte> text, ref int at, ref ulong digits)
    {
        var rest = digits / 10;
        text[--at] = (byte)('0' + (digits - (rest * 10)));
        digits = rest;
    }
}
