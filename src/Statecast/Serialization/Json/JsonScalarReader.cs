using System.Buffers;
using System.ComponentModel;
using System.Globalization;
using System.Text.Json;

namespace Statecast.Serialization.Json;

/// <summary>What generated readers call for each scalar value. Called with the reader on the value's token.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class JsonScalarReader
{
    /// <summary>A boolean.</summary>
    public static bool ReadBoolean(ref Utf8JsonReader reader) =>
        reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            _ => throw Wrong(ref reader, "a boolean"),
        };

    /// <summary>An integer.</summary>
    public static sbyte ReadSByte(ref Utf8JsonReader reader) => (sbyte)ReadInteger(ref reader, sbyte.MinValue, sbyte.MaxValue);

    /// <summary>An integer.</summary>
    public static byte ReadByte(ref Utf8JsonReader reader) => (byte)ReadInteger(ref reader, byte.MinValue, byte.MaxValue);

    /// <summary>An integer.</summary>
    public static short ReadInt16(ref Utf8JsonReader reader) => (short)ReadInteger(ref reader, short.MinValue, short.MaxValue);

    /// <summary>An integer.</summary>
    public static ushort ReadUInt16(ref Utf8JsonReader reader) => (ushort)ReadInteger(ref reader, ushort.MinValue, ushort.MaxValue);

    /// <summary>An integer.</summary>
    public static int ReadInt32(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value)
            ? value
            : throw NoInteger(ref reader, int.MinValue, int.MaxValue);

    /// <summary>An integer.</summary>
    public static uint ReadUInt32(ref Utf8JsonReader reader) => (uint)ReadInteger(ref reader, uint.MinValue, uint.MaxValue);

    /// <summary>An integer.</summary>
    public static long ReadInt64(ref Utf8JsonReader reader) => ReadInteger(ref reader, long.MinValue, long.MaxValue);

    /// <summary>An integer.</summary>
    public static ulong ReadUInt64(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetUInt64(out var value)
            ? value
            : throw NoInteger(ref reader, 0, ulong.MaxValue);

    /// <summary>A finite number.</summary>
    public static float ReadSingle(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetSingle(out var value) && float.IsFinite(value)
            ? value
            : throw Wrong(ref reader, "a number within 32-bit floating point");

    /// <summary>A finite number.</summary>
    public static double ReadDouble(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var value) && double.IsFinite(value)
            ? value
            : throw Wrong(ref reader, "a number within 64-bit floating point");

    /// <summary>A decimal that is exactly within its precision and scale; it comes back with exactly that scale.</summary>
    public static decimal ReadDecimal(ref Utf8JsonReader reader, int precision, int scale)
    {
        if (reader.TokenType != JsonTokenType.Number)
            throw Wrong(ref reader, "a number");
        ReadOnlySpan<byte> number = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
        return ExactDecimal.TryParse(number, precision, scale, out var value)
            ? value
            : throw JsonStateReader.Fail(
                ref reader,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the number does not fit a decimal of {precision} digits, {scale} after the point"
                )
            );
    }

    /// <summary>A Guid.</summary>
    public static Guid ReadGuid(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetGuid(out var value)
            ? value
            : throw Wrong(ref reader, "a Guid with hyphens");

    /// <summary>An instant in UTC, cut to microseconds; without an offset it counts as UTC.</summary>
    public static DateTime ReadDateTime(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String || !reader.TryGetDateTime(out var value))
            throw Wrong(ref reader, "an instant in ISO 8601");
        // With an offset the reader answers in this machine's own zone, which cannot tell an hour that occurs twice: read it once more as it is.
        if (value.Kind == DateTimeKind.Local)
            return reader.TryGetDateTimeOffset(out var instant)
                ? ValueDomain.Instant(instant)
                : throw Wrong(ref reader, "an instant in ISO 8601");
        return ValueDomain.Instant(value, "$");
    }

    /// <summary>An instant in UTC, cut to microseconds; without an offset it counts as UTC.</summary>
    public static DateTimeOffset ReadDateTimeOffset(ref Utf8JsonReader reader) => new(ReadDateTime(ref reader));

    /// <summary>A date.</summary>
    public static DateOnly ReadDateOnly(ref Utf8JsonReader reader)
    {
        Span<char> text = stackalloc char[10];
        // An escape makes it longer, and no escape is needed to write a date.
        if (
            reader.TokenType != JsonTokenType.String
            || reader.ValueIsEscaped
            || (reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length) != text.Length
            || !System.Text.Ascii.IsValid(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan)
        )
            throw Wrong(ref reader, "a date like 2024-05-01");
        reader.CopyString(text);
        return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var value)
            ? value
            : throw Wrong(ref reader, "a date like 2024-05-01");
    }

    /// <summary>A time of day, cut to microseconds.</summary>
    public static TimeOnly ReadTimeOnly(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && JsonTimes.TryReadTime(Raw(ref reader), out var value)
            ? value
            : throw Wrong(ref reader, "a time like 08:30:00.5");

    /// <summary>A duration, cut to microseconds.</summary>
    public static TimeSpan ReadTimeSpan(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && JsonTimes.TryReadDuration(Raw(ref reader), out var micros)
            ? new(micros * TimeSpan.TicksPerMicrosecond)
            : throw Wrong(ref reader, "a duration like -P1DT2H0.5S, without years and months, within TimeSpan's range");

    // As it stands: an escape is never needed to write such a text, and is no digit.
    private static ReadOnlySpan<byte> Raw(ref Utf8JsonReader reader) =>
        reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;

    private static long ReadInteger(ref Utf8JsonReader reader, long min, long max) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value) && value >= min && value <= max
            ? value
            : throw NoInteger(ref reader, min, (ulong)max);

    private static StateFormatException NoInteger(ref Utf8JsonReader reader, long min, ulong max) =>
        Wrong(ref reader, string.Create(CultureInfo.InvariantCulture, $"an integer from {min} to {max}"));

    private static StateFormatException Wrong(ref Utf8JsonReader reader, string what) =>
        JsonStateReader.Fail(ref reader, $"{what} is expected, not {Shown(ref reader)}");

    private static string Shown(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.Number or JsonTokenType.String))
            return JsonStateReader.Name(reader.TokenType);
        ReadOnlySpan<byte> raw = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
        // Quoted from the bytes as they are: the text may not even be valid Unicode.
        var shown = System.Text.Encoding.UTF8.GetString(raw[..Math.Min(raw.Length, 40)]);
        return raw.Length > 40 ? $"'{shown}…'" : $"'{shown}'";
    }
}
