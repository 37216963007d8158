using System.Text;

namespace Statecast.Fuzz.Corpus;

/// <summary>Malformed JSON bodies: what decoders fall over.</summary>
internal static class MalformedJson
{
    private static readonly string[] Values =
    [
        "null",
        "true",
        "NaN",
        "Infinity",
        "-0",
        "1e999",
        "1e-999",
        "9007199254740993",
        "123456789012345678901234567890",
        "1e2147483648",
        "0.00000000000000000000000000000000000000000001",
        "\"\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u0000\"",
        "\"\u202Eabc\"",
        "\"\\x\"",
        "[]",
        "{}",
        "[[[[",
        "{\"$type\":\"card\"}",
        "{\"$type\":\"card\",\"$type\":\"cash\"}",
        "\"AA==A\"",
        "\"2024-02-30\"",
        "\"24:00:00\"",
        "\"P1Y\"",
        "\"P99999999999D\"",
    ];

    public static IEnumerable<byte[]> All(ReadOnlySpan<byte> valid)
    {
        var body = valid.ToArray();
        var text = Encoding.UTF8.GetString(body);
        var all = new List<byte[]>
        {
            Array.Empty<byte>(),
            Bytes("\uFEFF" + text),
            Bytes(text + text),
            Bytes(text + " x"),
            // The same name twice, as itself and escaped; and one that is not known.
            Bytes(text[..^1] + ",\"int32\":1}"),
            Bytes(text[..^1] + ",\"\\u0069nt32\":1}"),
            Bytes(text[..^1] + ",\"unknown\":" + new string('[', 100_000)),
            Bytes(text[..^1] + ",\"unknown\":" + new string('[', 1_000) + new string(']', 1_000) + "}"),
            Bytes(text[..^1] + ",\"unknown\":" + new string('[', 10_000) + new string(']', 10_000) + "}"),
            Bytes(text[..^1] + ",\"unknown\":" + string.Concat(Enumerable.Repeat("{\"a\":", 10_000))),
            Bytes(string.Concat(Enumerable.Repeat("{\"a\":", 100_000))),
            Bytes("[" + string.Concat(Enumerable.Repeat("1,", 400_000)) + "1]"),
            Bytes("{\"array\":[" + string.Concat(Enumerable.Repeat("{},", 100_000)) + "{}]}"),
            Bytes(text[..^1] + ",\"a\":\"" + new string('x', 800_000) + "\"}"),
            new byte[900 * 1024],
        };
        for (var length = 0; length < body.Length; length++)
            all.Add(body[..length]);
        for (var place = 0; place < body.Length; place++)
            all.Add([.. body[..place], (byte)(body[place] ^ 0x20), .. body[(place + 1)..]]);
        // Each value in turn becomes each of the others.
        for (var colon = text.IndexOf(':', StringComparison.Ordinal); colon >= 0; colon = text.IndexOf(':', colon + 1))
        {
            var end = text.IndexOfAny([',', '}'], colon);
            foreach (var value in Values)
                all.Add(Bytes(text[..(colon + 1)] + value + text[end..]));
        }
        foreach (
            byte[] invalid in (byte[][])
                [
                    [0x80],
                    [0xC0, 0x80],
                    [0xED, 0xA0, 0x80],
                    [0xF4, 0x90, 0x80, 0x80],
                    [0xFF],
                ]
        )
            all.Add([.. Bytes(text[..^1] + ",\"text2\":\""), .. invalid, .. "\"}"u8]);
        return all;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
