using System.ComponentModel;
using System.Text.Json;

namespace Statecast.Serialization.Json;

/// <summary>Finds which case of a closed hierarchy an object is. Called by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class JsonCaseReader
{
    /// <summary>The index of the name that the object's <c>$type</c> gives. The reader stays at the object's beginning: the case's own reader passes over <c>$type</c>.</summary>
    /// <param name="reader">On the object's beginning.</param>
    /// <param name="names">The cases' names, and their earlier ones.</param>
    /// <param name="hierarchy">What they are cases of.</param>
    /// <exception cref="StateFormatException">There is no object, no <c>$type</c>, or it is none of the names.</exception>
    public static int Find(ref Utf8JsonReader reader, ReadOnlySpan<JsonEncodedText> names, string hierarchy)
    {
        JsonStateReader.BeginObject(ref reader);
        var ahead = reader;
        // We write it first, and JSON promises no order. How often this looks ahead is bounded by how deep the contract nests hierarchies.
        while (JsonStateReader.NextProperty(ref ahead))
        {
            var isType = Is(ref ahead, "$type"u8);
            ahead.Read();
            if (isType)
                return IndexOf(ref ahead, names, hierarchy);
            ahead.Skip();
        }
        throw JsonStateReader.Fail(ref ahead, $"the property '$type' is missing: it names the case of {hierarchy}");
    }

    // Looking ahead, a failure must say where it looked.
    private static bool Is(ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
    {
        try
        {
            return reader.ValueTextEquals(text);
        }
        catch (InvalidOperationException)
        {
            throw JsonStateReader.NotUnicode(ref reader);
        }
    }

    private static int IndexOf(ref Utf8JsonReader reader, ReadOnlySpan<JsonEncodedText> names, string hierarchy)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw JsonStateReader.Fail(ref reader, $"a case of {hierarchy} is expected, not {JsonStateReader.Name(reader.TokenType)}");
        for (var i = 0; i < names.Length; i++)
            if (Is(ref reader, names[i].EncodedUtf8Bytes))
                return i;
        var known = string.Join(", ", names.ToArray().Select(n => n.ToString()));
        throw JsonStateReader.Fail(
            ref reader,
            $"'{JsonStateReader.Text(ref reader)}' is no case of {hierarchy} that this contract declares ({known}); if the source added it, build with its newer contract and retry what is parked"
        );
    }
}
