using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Statecast.Serialization.Json;

/// <summary>Finds the path of a byte in a JSON text by reading it once more: only who fails pays for paths.</summary>
internal static class JsonPath
{
    /// <summary>The path of the token at an offset, for example <c>lines[3].price</c>; <c>$</c> for the whole. In malformed JSON: of the last place that can be read.</summary>
    public static string At(ReadOnlySpan<byte> body, long offset)
    {
        var steps = new Stack<Step>();
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = JsonStateCodec.MaxDepth });
        try
        {
            while (reader.Read() && reader.TokenStartIndex <= offset)
                Follow(ref reader, steps);
        }
        catch (JsonException)
        {
            // The place where it breaks is the one that is looked for.
        }
        return Join(steps);
    }

    /// <summary>Where a reader's exception says that the text is malformed.</summary>
    public static long OffsetOf(ReadOnlySpan<byte> body, JsonException defect)
    {
        var offset = 0L;
        for (var line = defect.LineNumber ?? 0; line > 0; line--)
            offset += body[(int)offset..].IndexOf((byte)'\n') + 1;
        return offset + (defect.BytePositionInLine ?? 0);
    }

    private static void Follow(ref Utf8JsonReader reader, Stack<Step> steps)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                steps.Pop();
                steps.Push(new(NameOf(ref reader), -1));
                break;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                steps.Pop();
                break;
            default:
                if (steps.TryPeek(out var step) && step.Name is null)
                {
                    steps.Pop();
                    steps.Push(step with { Index = step.Index + 1 });
                }
                if (reader.TokenType == JsonTokenType.StartObject)
                    steps.Push(new("", -1));
                else if (reader.TokenType == JsonTokenType.StartArray)
                    steps.Push(new(null, -1));
                break;
        }
    }

    private static string NameOf(ref Utf8JsonReader reader) => Encoding.UTF8.GetString(reader.ValueSpan);

    private static string Join(Stack<Step> steps)
    {
        var path = new StringBuilder();
        foreach (var step in steps.Reverse())
            if (step.Name is { Length: > 0 } name)
                path.Append(path.Length > 0 ? "." : "").Append(name);
            else if (step is { Name: null, Index: >= 0 })
                path.Append(CultureInfo.InvariantCulture, $"[{step.Index}]");
        return path.Length > 0 ? path.ToString() : "$";
    }

    // An object's step has the name of the property at hand ("" before the first), an array's the index of the item at hand.
    private readonly record struct Step(string? Name, int Index);
}
