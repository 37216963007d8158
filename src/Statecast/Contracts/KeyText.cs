using System.Buffers.Binary;
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

    /// <summary>One part: percent-encoded UTF-8.</summary>
    /// <exception cref="StateValueException">The part is empty or holds a lone surrogate.</exception>
    public static string Part(string property, string value)
    {
        if (value is null or "")
            throw new StateValueException(property, "a key part must not be null or empty.");
        if (IsUnreserved(value))
            return value;
        int length;
        try
        {
            length = Strict.GetByteCount(value);
        }
        catch (EncoderFallbackException)
        {
            throw new StateValueException(property, "a key part must be valid Unicode; it holds a lone surrogate.");
        }
        var bytes = new byte[length];
        Strict.GetBytes(value, bytes);
        var text = new StringBuilder(length + 16);
        foreach (var b in bytes)
            if (IsUnreserved((char)b))
                text.Append((char)b);
            else
                text.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        return text.ToString();
    }

    /// <summary>The value of one part: the inverse of <see cref="Part"/>.</summary>
    /// <exception cref="FormatException">The part is not the text form of any value.</exception>
    public static string Value(string part)
    {
        if (IsUnreserved(part) && part.Length > 0)
            return part;
        string value;
        try
        {
            value = Strict.GetString(Bytes(part));
        }
        catch (DecoderFallbackException)
        {
            throw new FormatException($"'{part}' is no key part: its bytes are not UTF-8.");
        }
        // One value has one text form only: '%41' for 'A' would make two keys of one.
        return value.Length > 0 && Part("key", value) == part
            ? value
            : throw new FormatException($"'{part}' is no key part in its one text form.");
    }

    /// <summary>Checks the whole text form.</summary>
    /// <exception cref="StateValueException">Longer than <see cref="MaxBytes"/>.</exception>
    public static string Check(string contract, string text) =>
        text.Length <= MaxBytes
            ? text
            : throw new StateValueException(
                contract,
                $"the key's text form has {text.Length} bytes; at most {MaxBytes} travel. Choose a shorter key."
            );

    /// <summary>The hash bucket of a text form, 0 to 4,095: the low bits of Kafka's murmur2, so that joins with its own partitioner work.</summary>
    public static int Bucket(string text)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        var length = Encoding.UTF8.TryGetBytes(text, bytes, out var written)
            ? written
            : throw new ArgumentException($"The key '{text}' has more than {MaxBytes} bytes.", nameof(text));
        return (int)(Murmur2(bytes[..length]) & (Buckets - 1));
    }

    /// <summary>The lane of a text form.</summary>
    /// <param name="text">The text form.</param>
    /// <param name="lanes">The destination's lane count, 1 to 4,096.</param>
    public static int Lane(string text, int lanes) => Bucket(text) % lanes;

    private static readonly UTF8Encoding Strict = new(false, true);

    private static bool IsUnreserved(string value)
    {
        foreach (var c in value)
            if (!IsUnreserved(c))
                return false;
        return true;
    }

    private static bool IsUnreserved(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~';

    private static byte[] Bytes(string part)
    {
        var bytes = new List<byte>(part.Length);
        for (var i = 0; i < part.Length; i++)
        {
            if (part[i] != '%')
            {
                bytes.Add(
                    IsUnreserved(part[i])
                        ? (byte)part[i]
                        : throw new FormatException($"'{part}' is no key part: character {i} must be percent-encoded.")
                );
                continue;
            }
            if (
                i + 2 >= part.Length
                || !byte.TryParse(part.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b)
            )
                throw new FormatException($"'{part}' is no key part: the escape at {i} is cut short.");
            bytes.Add(b);
            i += 2;
        }
        return [.. bytes];
    }

    // The Java client's variant of MurmurHash2 (32 bits, seed 0x9747b28c), as Kafka's default partitioner uses it.
    private static uint Murmur2(ReadOnlySpan<byte> data)
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
