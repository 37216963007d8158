using System.ComponentModel;
using System.Globalization;
using System.Text.Json;

namespace Statecast.Serialization.Json;

/// <summary>What generated writers call where <see cref="Utf8JsonWriter"/> has no method of its own.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class JsonStateWriter
{
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
}
