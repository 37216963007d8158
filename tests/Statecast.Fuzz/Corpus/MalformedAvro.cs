namespace Statecast.Fuzz.Corpus;

/// <summary>Malformed Avro bodies: what decoders fall over.</summary>
internal static class MalformedAvro
{
    /// <summary>Numbers that lie in wait where a length, a count, an index or any integer is read.</summary>
    private static readonly byte[][] Varints =
    [
        [0x00],
        [0x01],
        [0x02],
        [0x7F],
        Long(int.MaxValue),
        Long(int.MinValue),
        Long(long.MaxValue),
        Long(long.MinValue),
        Long(1_000_000),
        Long(-1_000_000),
        // Ten bytes and more, ten with too many bits, and one that does not end.
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
        [0x80, 0x80, 0x80],
        // A negative count with a size that is wrong: nothing, too much, negative.
        [0x01, 0x00],
        [.. Long(-3), .. Long(1 << 30)],
        [.. Long(-3), .. Long(-1)],
        [.. Long(long.MinValue), .. Long(4)],
        // Texts that are no UTF-8: a lone continuation, an overlong form, a surrogate, beyond U+10FFFF.
        [0x02, 0x80],
        [0x04, 0xC0, 0x80],
        [0x06, 0xED, 0xA0, 0x80],
        [0x08, 0xF4, 0x90, 0x80, 0x80],
        // Not a number, infinity.
        [0x00, 0x00, 0xC0, 0x7F],
        [0x00, 0x00, 0x80, 0x7F],
        [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xF8, 0x7F],
        [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xF0, 0xFF],
    ];

    public static IEnumerable<byte[]> All(byte[] valid)
    {
        yield return [];
        yield return [.. valid, 0];
        yield return new byte[900 * 1024];
        yield return Filled(900 * 1024, 0x02);
        yield return Filled(64 * 1024, 0xFF);
        // A framed body, as another carrier has it, and a compressed one.
        yield return [0, 0, 0, 0, 1, .. valid];
        yield return [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 3, .. valid];
        for (var length = 0; length < valid.Length; length++)
            yield return valid[..length];
        for (var place = 0; place < valid.Length; place++)
        {
            yield return [.. valid[..place], (byte)(valid[place] + 1), .. valid[(place + 1)..]];
            // In place of what stands there, so also of every length, count and index.
            foreach (var varint in Varints)
                yield return [.. valid[..place], .. varint, .. valid[(place + 1)..]];
        }
    }

    private static byte[] Filled(int length, byte value)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private static byte[] Long(long value)
    {
        var bytes = new List<byte>();
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        for (; zigzag >= 0x80; zigzag >>= 7)
            bytes.Add((byte)(zigzag | 0x80));
        bytes.Add((byte)zigzag);
        return [.. bytes];
    }
}
