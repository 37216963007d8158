using System.Buffers.Binary;
using System.ComponentModel;
using System.Globalization;
using System.Text;

namespace Statecast.Contracts;

/// <summary>The text form of keys: invariant culture, everything outside RFC 3986's unreserved set percent-encoded, parts joined by <c>/</c>. Injective and fixed for ever.</summary>
public static class KeyText
{
    /// <summary>The most bytes of a key's text form.</summary>
    public const int MaxBytes = 512;

    /// <summary>Buckets of a contract.</summary>
    public const int Buckets = 4096;

    /// <summary>One part: percent-encoded UTF-8. A value that needs no escape is returned as it is.</summary>
    /// <exception cref="StateValueException">The part is empty, holds a lone surrogate, or is longer than <see cref="MaxBytes"/>.</exception>
    public static string Part(string property, string value)
    {
        if (value is { Length: > 0 and <= MaxBytes } && IsUnreserved(value))
            return value;
        var text = new KeyTextWriter(stackalloc char[MaxBytes]);
        text.Add(property, value);
        return text.ToString();
    }

    /// <summary>The value of one part: the inverse of <see cref="Part"/>.</summary>
    /// <exception cref="FormatException">The part is not the text form of any value.</exception>
    public static string Value(string part)
    {
        var reader = new KeyTextReader(part);
        var value = reader.ReadString();
        reader.End();
        return value;
    }

    /// <summary>Checks the whole text form.</summary>
    /// <exception cref="StateValueException">Longer than <see cref="MaxBytes"/>.</exception>
    public static string Check(string contract, string text) => text.Length <= MaxBytes ? text : throw KeyTextWriter.TooLong(contract);

    /// <summary>The hash bucket of a text form, 0 to 4,095: the low bits of Kafka's murmur2, so that joins with its own partitioner work.</summary>
    /// <exception cref="ArgumentException">The text is longer than <see cref="MaxBytes"/>.</exception>
    public static int Bucket(string text)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        var length = Encoding.UTF8.TryGetBytes(text, bytes, out var written)
            ? written
            : throw new ArgumentException($"The key '{text[..32]}…' has more than {MaxBytes} bytes.", nameof(text));
        return (int)(Murmur2(bytes[..length]) & (Buckets - 1));
    }

    /// <summary>The lane of a text form.</summary>
    /// <param name="text">The text form.</param>
    /// <param name="lanes">The destination's lane count, 1 to 4,096.</param>
    public static int Lane(string text, int lanes) => Bucket(text) % lanes;

    /// <summary>The text form of a single Guid key. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static string Of(string property, Guid value) => value.ToString();

    /// <summary>The text form of a single string key. Called by generated code.</summary>
    /// <exception cref="StateValueException">The key is empty, holds a lone surrogate, or is too long.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static string Of(string property, string value) => Part(property, value);

    /// <summary>The text form of a single signed integer key. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static string Of(string property, long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The text form of a single unsigned 64-bit key. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static string Of(string property, ulong value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The text form of a single date key. Called by generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static string Of(string property, DateOnly value) => value.ToString("O", CultureInfo.InvariantCulture);

    internal static bool IsUnreserved(ReadOnlySpan<char> value)
    {
        foreach (var c in value)
            if (!IsUnreserved(c))
                return false;
        return true;
    }

    internal static bool IsUnreserved(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~';

    // The Java client's variant of MurmurHash2 (32 bits, seed 0x9747b28c), as Kafka's default partitioner uses it.
    internal static uint Murmur2(ReadOnlySpan<byte> data)
    {
        const uint m = 0x5bd1e995;
        var h = 0x9747b28c ^ (uint)data.Length;
        while (data.Length >= 4)
        {
            var k = BinaryPrimitives.ReadUInt32LittleEndian(data) * m;
            h = (h * m) ^ ((k ^ (k >> 24)) * m);
            data = data[4..];
        }
        if (data.Length > 2)
            h ^= (uint)data[2] << 16;
        if (data.Length > 1)
            h ^= (uint)data[1] << 8;
        if (data.Length > 0)
            h = (h ^ data[0]) * m;
        h = (h ^ (h >> 13)) * m;
        return h ^ (h >> 15);
    }
}
