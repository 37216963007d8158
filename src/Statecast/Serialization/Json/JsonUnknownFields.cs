using System.ComponentModel;
using System.Text.Json;

namespace Statecast.Serialization.Json;

/// <summary>The fields of one object that its contract does not know: skipped, but a name given twice is refused there too. Called by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct JsonUnknownFields
{
    // Made at the first unknown field only: a target that knows the whole contract never pays for it.
    private HashSet<string>? _names;

    /// <summary>Skips the property at hand, on its name.</summary>
    /// <exception cref="StateFormatException">Its name, or one inside its value, is given twice.</exception>
    public void Skip(ref Utf8JsonReader reader)
    {
        Note(ref reader);
        reader.Read();
        SkipValue(ref reader);
    }

    private void Note(ref Utf8JsonReader reader)
    {
        var name = JsonStateReader.Text(ref reader);
        if (!(_names ??= new(StringComparer.Ordinal)).Add(name))
            throw JsonStateReader.Fail(ref reader, $"the property '{name}' is given twice");
    }

    // Recursion is bounded: the reader itself refuses what is nested deeper than its maximum depth.
    private static void SkipValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var fields = default(JsonUnknownFields);
                while (JsonStateReader.NextProperty(ref reader))
                    fields.Skip(ref reader);
                break;
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    SkipValue(ref reader);
                break;
            default:
                break;
        }
    }
}
