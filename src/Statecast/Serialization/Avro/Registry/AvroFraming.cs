using System.Buffers.Binary;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>
/// How a body says which schema it was written in, as Confluent's serializers have it: a prefix of five bytes (0, then the id, big-endian), which is written and
/// read; or a header with 1 and the schema's GUID, big-endian, beside a bare body, which is read.
/// </summary>
public static class AvroFraming
{
    /// <summary>The length of the prefix.</summary>
    public const int PrefixSize = 5;

    /// <summary>The header that names a value's schema by its GUID.</summary>
    public const string HeaderName = "__value_schema_id";

    private const byte PrefixMagic = 0;
    private const byte HeaderMagic = 1;
    private const int GuidSize = 16;
    private const int MaxShown = 24;

    /// <summary>The subject of a destination's values, by the strategy that Confluent calls TopicName.</summary>
    public static string SubjectOf(string destination) => $"{destination}-value";

    /// <summary>Writes the prefix.</summary>
    /// <param name="id">The registry's number, positive.</param>
    /// <param name="destination">At least <see cref="PrefixSize"/> bytes.</param>
    public static void WritePrefix(int id, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        BinaryPrimitives.WriteInt32BigEndian(destination[1..], id);
        destination[0] = PrefixMagic;
    }

    /// <summary>A body behind its prefix, in an array of its own: the one allocation of a send.</summary>
    public static byte[] Frame(int id, ReadOnlySpan<byte> body)
    {
        var framed = GC.AllocateUninitializedArray<byte>(PrefixSize + body.Length);
        WritePrefix(id, framed);
        body.CopyTo(framed.AsSpan(PrefixSize));
        return framed;
    }

    /// <summary>Takes a framed value apart. Allocates nothing.</summary>
    /// <param name="value">The value as received, not null: a tombstone has no framing.</param>
    /// <param name="header">What the header <see cref="HeaderName"/> holds; empty if there is none. It goes before the prefix.</param>
    /// <param name="body">The bare body, a part of <paramref name="value"/>.</param>
    /// <exception cref="StateFormatException">It is framed in no way that is known; the message says what is there instead.</exception>
    public static SchemaId Read(ReadOnlyMemory<byte> value, ReadOnlySpan<byte> header, out ReadOnlyMemory<byte> body)
    {
        if (!header.IsEmpty)
        {
            body = value;
            return ReadHeader(header);
        }
        var bytes = value.Span;
        if (bytes.Length < PrefixSize)
            throw Malformed(
                0,
                $"it has {bytes.Length} bytes ({Shown(bytes)}), which is less than Confluent's prefix of {PrefixSize}, and no header {HeaderName}"
            );
        if (bytes[0] != PrefixMagic)
            throw Malformed(
                0,
                bytes[0] is (byte)'{' or (byte)'['
                    ? $"it looks like JSON, not like Confluent's prefix, and there is no header {HeaderName}: say JSON in its content type, or have it written by a serializer that registers its schema"
                    : $"it begins with 0x{bytes[0]:x2} ({Shown(bytes)}); Confluent's prefix begins with 0x00, and there is no header {HeaderName}"
            );
        var id = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
        if (id <= 0)
            throw Malformed(1, $"its prefix names the schema {id}; ids are positive");
        body = value[PrefixSize..];
        return SchemaId.Of(id);
    }

    private static SchemaId ReadHeader(ReadOnlySpan<byte> header)
    {
        if (header[0] != HeaderMagic || header.Length != 1 + GuidSize)
            throw Malformed(
                -1,
                $"its header {HeaderName} is {Shown(header)} ({header.Length} bytes); 0x01 and the 16 bytes of a GUID are expected"
            );
        var guid = new Guid(header[1..], bigEndian: true);
        return guid == Guid.Empty ? throw Malformed(-1, $"its header {HeaderName} names the empty GUID") : SchemaId.Of(guid);
    }

    private static string Shown(ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty ? "nothing"
        : bytes.Length <= MaxShown ? $"0x{Convert.ToHexStringLower(bytes)}"
        : $"0x{Convert.ToHexStringLower(bytes[..MaxShown])}…";

    private static StateFormatException Malformed(long offset, string what) => new("$", offset, $"the Avro body is not framed: {what}.");
}
