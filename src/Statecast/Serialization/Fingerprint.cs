using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Statecast.Serialization;

/// <summary>128 bits that stand for content: SHA-256 cut to its first 16 bytes.</summary>
/// <param name="Value">The 16 bytes, read big-endian.</param>
public readonly record struct Fingerprint(UInt128 Value)
{
    /// <summary>The length in bytes.</summary>
    public const int Size = 16;

    /// <summary>The fingerprint of some bytes.</summary>
    public static Fingerprint Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return Read(hash);
    }

    /// <summary>Reads 16 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 16 bytes.</exception>
    public static Fingerprint Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>Reads 32 hexadecimal digits.</summary>
    /// <exception cref="FormatException">The text is no fingerprint.</exception>
    public static Fingerprint Parse(string text) =>
        text.Length == 2 * Size && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? new(value)
            : throw new FormatException($"'{text}' is no fingerprint: 32 hexadecimal digits are expected.");

    /// <summary>Writes 16 bytes.</summary>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);

    /// <summary>The 16 bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        Write(bytes);
        return bytes;
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
