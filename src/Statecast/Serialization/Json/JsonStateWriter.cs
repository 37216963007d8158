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
}
