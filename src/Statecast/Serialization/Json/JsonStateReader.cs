using System.Collections.Immutable;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Statecast.Serialization.Json;

/// <summary>
/// What generated readers call for each token. Every method expects the reader on the value's token and leaves it on its last.
/// A failure says what and at which byte; the codec adds the path, which costs nothing while all is well.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class JsonStateReader
{
    /// <summary>The most items of one collection.</summary>
    public const int MaxItems = 1_000_000;

    /// <summary>Checks that an object begins here.</summary>
    public static void BeginObject(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.None)
            reader.Read();
        Expect(ref reader, JsonTokenType.StartObject, "an object");
    }

    /// <summary>Checks that an array begins here.</summary>
    public static void BeginArray(ref Utf8JsonReader reader) => Expect(ref reader, JsonTokenType.StartArray, "an array");

    /// <summary>Goes to the next property's name; false at the object's end.</summary>
    public static bool NextProperty(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>Goes to the value of an object's property; false if it has none of that name.</summary>
    internal static bool FindProperty(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        BeginObject(ref reader);
        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals(name))
                return reader.Read();
            reader.Skip();
        }
        return false;
    }

    /// <summary>Goes to the next item's value; false at the array's end.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="count">The items read so far.</param>
    public static bool NextItem(ref Utf8JsonReader reader, int count)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndArray)
            return false;
        return count < MaxItems ? true : throw TooMany(ref reader);
    }

    /// <summary>The index of the property at hand: the expected one is tried first; -1 if its name is unknown.</summary>
    public static int IndexOf(ref Utf8JsonReader reader, ReadOnlySpan<JsonEncodedText> names, int expected)
    {
        if ((uint)expected < (uint)names.Length && reader.ValueTextEquals(names[expected].EncodedUtf8Bytes))
            return expected;
        for (var i = 0; i < names.Length; i++)
            if (reader.ValueTextEquals(names[i].EncodedUtf8Bytes))
                return i;
        return -1;
    }

    /// <summary>Goes to the property's value and notes that it was seen.</summary>
    /// <exception cref="StateFormatException">It was seen before.</exception>
    public static void Value(ref Utf8JsonReader reader, ref ulong seen, int bit)
    {
        var mask = 1UL << bit;
        if ((seen & mask) != 0)
            throw Fail(ref reader, "the property is given twice");
        seen |= mask;
        reader.Read();
    }

    /// <summary>Checks that all required properties were seen.</summary>
    /// <param name="reader">On the object's end.</param>
    /// <param name="names">The names of the 64 properties that <paramref name="seen"/> speaks of.</param>
    /// <param name="seen">A bit per property.</param>
    /// <param name="required">A bit per required property.</param>
    /// <exception cref="StateFormatException">One is missing; the message names it.</exception>
    public static void Require(ref Utf8JsonReader reader, ReadOnlySpan<JsonEncodedText> names, ulong seen, ulong required)
    {
        var missing = required & ~seen;
        if (missing != 0)
            throw Fail(
                ref reader,
                $"the property '{names[System.Numerics.BitOperations.TrailingZeroCount(missing)]}' is missing; it is neither nullable nor has it a default"
            );
    }

    /// <summary>Whether the value at hand is null.</summary>
    public static bool IsNull(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.Null;

    /// <summary>The bytes of a base64 text.</summary>
    public static ImmutableArray<byte> ReadBytes(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.String, "a base64 text");
        return reader.TryGetBytesFromBase64(out var bytes)
            ? ImmutableCollectionsMarshal.AsImmutableArray(bytes)
            : throw Fail(ref reader, "the text is not base64");
    }

    /// <summary>A text.</summary>
    public static string ReadString(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.String, "a text");
        return Text(ref reader);
    }

    /// <summary>The key of a map's entry, on its property name; goes on to the value.</summary>
    public static string ReadMapKey(ref Utf8JsonReader reader, int count)
    {
        if (count >= MaxItems)
            throw TooMany(ref reader);
        var key = Text(ref reader);
        reader.Read();
        return key;
    }

    /// <summary>The exception for a map's key that was given before.</summary>
    public static StateFormatException DuplicateKey(ref Utf8JsonReader reader, string key) =>
        Fail(ref reader, $"the key '{key}' is given twice");

    /// <summary>The exception for a value that is none of an enum's symbols.</summary>
    public static StateFormatException UnknownSymbol(ref Utf8JsonReader reader, string enumName) =>
        reader.TokenType == JsonTokenType.String
            ? Fail(ref reader, $"'{Text(ref reader)}' is no member of {enumName}, which has no [EnumDefault]")
            : Wrong(ref reader, $"a member of {enumName}");

    internal static StateFormatException Fail(ref Utf8JsonReader reader, string reason) => new("$", reader.TokenStartIndex, reason + ".");

    internal static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw NotUnicode(ref reader);
        }
    }

    internal static StateFormatException NotUnicode(ref Utf8JsonReader reader) =>
        Fail(ref reader, "the text is no valid Unicode: a lone surrogate or malformed UTF-8");

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (reader.TokenType != type)
            throw Wrong(ref reader, what);
    }

    private static StateFormatException Wrong(ref Utf8JsonReader reader, string what) =>
        Fail(ref reader, $"{what} is expected, not {Name(reader.TokenType)}");

    private static StateFormatException TooMany(ref Utf8JsonReader reader) =>
        Fail(ref reader, FormattableString.Invariant($"the collection has more than {MaxItems} items"));

    internal static string Name(JsonTokenType type) =>
        type switch
        {
            JsonTokenType.Null => "null",
            JsonTokenType.True or JsonTokenType.False => "a boolean",
            JsonTokenType.Number => "a number",
            JsonTokenType.String => "a text",
            JsonTokenType.StartArray => "an array",
            JsonTokenType.StartObject => "an object",
            _ => "the end",
        };
}
