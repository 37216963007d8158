using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

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

    /// <summary>Reads 32 hexadecimal digits in ASCII.</summary>
    /// <exception cref="FormatException">The text is no fingerprint.</exception>
    internal static Fingerprint Parse(ReadOnlySpan<byte> text)
    {
        Span<byte> bytes = stackalloc byte[Size];
        return text.Length == 2 * Size && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done
            ? Read(bytes)
            : throw new FormatException($"'{Encoding.UTF8.GetString(text)}' is no fingerprint: 32 hexadecimal digits are expected.");
    }

    /// <summary>Writes 32 lower-case hexadecimal digits in ASCII.</summary>
    internal void Format(Span<byte> destination)
    {
        Span<byte> bytes = stackalloc byte[Size];
        Write(bytes);
        if (!Convert.TryToHexStringLower(bytes, destination, out _))
            throw new ArgumentException($"{2 * Size} bytes are needed.", nameof(destination));
    }

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
