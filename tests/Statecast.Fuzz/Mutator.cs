namespace Statecast.Fuzz;

/// <summary>Changes inputs as chance and experience have it: bytes, lengths, cuts, repeats, and pieces of one in another.</summary>
internal sealed class Mutator(int seed, IReadOnlyList<byte[]> corpus)
{
    private static readonly byte[][] Telling =
    [
        [0x00],
        [0x01],
        [0x7F],
        [0x80],
        [0xFF],
        [0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
        [0xFE, 0xFF, 0xFF, 0xFF, 0x0F],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        [0xC3, 0x28],
        [0xED, 0xA0, 0x80],
        "\""u8.ToArray(),
        "{"u8.ToArray(),
        "}"u8.ToArray(),
        "["u8.ToArray(),
        "]"u8.ToArray(),
        ","u8.ToArray(),
        "null"u8.ToArray(),
        "1e999"u8.ToArray(),
        "-0"u8.ToArray(),
        "\\ud800"u8.ToArray(),
        "9007199254740993"u8.ToArray(),
        "{\"$value\":"u8.ToArray(),
        "{\"$type\":\"card\","u8.ToArray(),
        "{\"$splice\":[0,1,["u8.ToArray(),
        "\"$add\":["u8.ToArray(),
        "\"$remove\":["u8.ToArray(),
        "\"$set\":{"u8.ToArray(),
    ];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        // Large ones seldom: a million of them would take an hour.
        var input = corpus[_random.Next(corpus.Count)];
        if (input.Length > 4096 && _random.Next(200) > 0)
            input = corpus[0];
        var bytes = new List<byte>(input);
        for (var steps = 1 + _random.Next(4); steps > 0; steps--)
            Change(bytes);
        return [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        var at = _random.Next(bytes.Count + 1);
        var length = Math.Min(bytes.Count - at, 1 + _random.Next(8));
        switch (_random.Next(8))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.InsertRange(at, Telling[_random.Next(Telling.Length)]);
                break;
            case 4:
                var told = Telling[_random.Next(Telling.Length)];
                bytes.RemoveRange(at, Math.Min(told.Length, bytes.Count - at));
                bytes.InsertRange(at, told);
                break;
            case 5:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 6 when _random.Next(8) == 0:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                var other = corpus[_random.Next(corpus.Count)];
                if (other.Length == 0)
                    break;
                var from = _random.Next(other.Length);
                var piece = other.AsSpan(from, Math.Min(other.Length - from, 1 + _random.Next(16))).ToArray();
                bytes.RemoveRange(at, Math.Min(piece.Length, bytes.Count - at));
                bytes.InsertRange(at, piece);
                break;
        }
    }
}
