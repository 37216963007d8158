using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Statecast.Events;

namespace Statecast.RabbitMQ.Transport;

/// <summary>Reads a CloudEvent that is one JSON object: its attributes, and the state as <c>data</c>, or as <c>data_base64</c> where it is not JSON.</summary>
internal static class StructuredEvent
{
    // No event of ours has as many; further ones are kept as texts.
    private const int MostNames = 64;
    private const ulong Odd = 0x9E37_79B9_7F4A_7C15;

    // The runtime's hash of texts is seeded at random.
    private static readonly ulong Seed = ((ulong)(uint)string.GetHashCode("statecast") << 32) | (uint)string.GetHashCode("attributes");

    /// <summary>The state's own nesting, and the object around it.</summary>
    internal static readonly JsonReaderOptions Reading = new() { MaxDepth = 65 };

    /// <summary>Reads an event's attributes and data.</summary>
    /// <param name="body">The message's body; the attributes, and the data where it is JSON, are parts of it.</param>
    /// <param name="attributes">Takes the attributes.</param>
    /// <returns>The data; null if there is none.</returns>
    /// <exception cref="FormatException">It is no such object.</exception>
    public static ReadOnlyMemory<byte>? Read(ReadOnlyMemory<byte> body, ref CloudEventReader attributes)
    {
        try
        {
            return ReadObject(body, ref attributes);
        }
        // The second for text that is no UTF-8, or half of a pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"it is no JSON: {e.Message}", e);
        }
    }

    private static ReadOnlyMemory<byte>? ReadObject(ReadOnlyMemory<byte> body, ref CloudEventReader attributes)
    {
        var json = new Utf8JsonReader(body.Span, Reading);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            throw new FormatException("it is no JSON object.");
        ReadOnlyMemory<byte>? data = null;
        Span<int> hashes = stackalloc int[MostNames];
        var names = 0;
        HashSet<string>? more = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = Text(ref json);
            json.Read();
            if (name.SequenceEqual("data"u8) || name.SequenceEqual("data_base64"u8))
            {
                if (data is not null)
                    throw new FormatException("it has its data twice.");
                data = name.Length == 4 ? Raw(body, ref json) : Base64(ref json);
                continue;
            }
            var value = Scalar(ref json, out var isScalar);
            if (!isScalar)
                continue;
            var hash = HashOf(name);
            var isTwice = hashes[..names].Contains(hash) && Count(body.Span, name) > 1;
            if (names < MostNames)
                hashes[names++] = hash;
            else
                isTwice |= !(more ??= new(StringComparer.Ordinal)).Add(Encoding.UTF8.GetString(name));
            if (isTwice)
                throw new FormatException($"it has the attribute '{Encoding.UTF8.GetString(name)}' twice.");
            attributes.Take(name, value);
        }
        if (json.Read())
            throw new FormatException("something stands behind its JSON object.");
        return data;
    }

    // Attributes are scalars; a member that is none is none of them.
    private static ReadOnlySpan<byte> Scalar(scoped ref Utf8JsonReader json, out bool isScalar)
    {
        isScalar = json.TokenType is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False;
        if (isScalar)
            return json.TokenType == JsonTokenType.String ? Text(ref json) : json.ValueSpan;
        json.Skip();
        return default;
    }

    // Looked at only if a name seems to be there again.
    private static int Count(ReadOnlySpan<byte> body, ReadOnlySpan<byte> name)
    {
        var json = new Utf8JsonReader(body, Reading);
        json.Read();
        var found = 0;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = json.ValueTextEquals(name);
            json.Read();
            Scalar(ref json, out var isScalar);
            found += isIt && isScalar ? 1 : 0;
        }
        return found;
    }

    // Of the name's length, its first and its last bytes: equal names have it in common, and nobody who chooses names can choose others that have. A name that only looks
    // like an earlier one costs a count.
    private static int HashOf(ReadOnlySpan<byte> name)
    {
        var (first, last) = (0UL, 0UL);
        if (name.Length >= sizeof(ulong))
            (first, last) = (
                BinaryPrimitives.ReadUInt64LittleEndian(name),
                BinaryPrimitives.ReadUInt64LittleEndian(name[^sizeof(ulong)..])
            );
        else
            foreach (var one in name)
                first = (first << 8) | one;
        var high = Math.BigMul(first ^ Seed, last ^ Seed ^ (uint)name.Length ^ Odd, out var low);
        return (int)((high ^ low) >> 16);
    }

    // Where it stands in the body, unless something in it is written as an escape.
    private static ReadOnlySpan<byte> Text(scoped ref Utf8JsonReader json)
    {
        if (!json.ValueIsEscaped)
            return Utf8.IsValid(json.ValueSpan) ? json.ValueSpan : throw new FormatException("it is no JSON: a text in it is no UTF-8.");
        var text = new byte[json.ValueSpan.Length];
        return text.AsSpan(0, json.CopyString(text));
    }

    private static ReadOnlyMemory<byte>? Raw(ReadOnlyMemory<byte> body, ref Utf8JsonReader json)
    {
        if (json.TokenType == JsonTokenType.Null)
            return null;
        var from = (int)json.TokenStartIndex;
        json.Skip();
        return body[from..(int)json.BytesConsumed];
    }

    private static ReadOnlyMemory<byte>? Base64(ref Utf8JsonReader json)
    {
        if (json.TokenType == JsonTokenType.Null)
            return null;
        return json.TokenType == JsonTokenType.String && json.TryGetBytesFromBase64(out var bytes)
            ? bytes
            : throw new FormatException("its data_base64 is no base64.");
    }
}
