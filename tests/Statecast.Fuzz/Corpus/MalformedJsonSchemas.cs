using System.Text;

namespace Statecast.Fuzz.Corpus;

/// <summary>JSON Schemas that are none of a contract, or are made to be the end of who reads them.</summary>
internal static class MalformedJsonSchemas
{
    private static readonly string[] Values =
    [
        "null",
        "-1",
        "1e999",
        "-1e-999",
        "1e2147483648",
        "9007199254740993",
        "123456789012345678901234567890123456789012345678901234567890",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u0000\"",
        "\"\u202Eabc\"",
        "[]",
        "{}",
        "[\"a\",\"a\"]",
        "[\"\\ud800\"]",
        "{\"type\":\"string\"}",
    ];

    private static readonly string[] Keywords =
    [
        "$ref",
        "$defs",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "uniqueItems",
        "anyOf",
        "oneOf",
        "const",
        "enum",
        "default",
        "minimum",
        "maximum",
        "multipleOf",
        "format",
        "x-key",
        "x-aliases",
        "x-unknown",
        "x-precision",
        "x-scale",
        "x-text",
    ];

    /// <summary>A valid one first; it also comes cut off here and there.</summary>
    public static IReadOnlyList<byte[]> All(string valid) =>
        [
            .. Texts(valid).Select(Encoding.UTF8.GetBytes),
            .. Enumerable.Range(0, 64).Select(part => Encoding.UTF8.GetBytes(valid[..(part * valid.Length / 64)])),
        ];

    private static IEnumerable<string> Texts(string valid)
    {
        yield return valid;
        yield return "\uFEFF" + valid;
        yield return valid + valid;
        yield return valid + " x";
        // The same name twice, as itself and escaped.
        yield return valid[..^1] + ",\"type\":\"object\"}";
        yield return valid[..^1] + ",\"\\u0074ype\":\"object\"}";
        yield return Field("{\"type\":\"string\"},\"a\":{\"type\":\"string\"}");
        yield return Field("{\"type\":\"string\"},\"\\u0061\":{\"type\":\"string\"}");
        foreach (var keyword in Keywords)
        foreach (var value in Values)
        foreach (var type in (string[])["integer", "number", "string", "array", "object"])
            yield return Field($$"""{"type":"{{type}}","{{keyword}}":{{value}}}""");
        foreach (var depth in (int[])[30, 100, 1_000, 10_000, 100_000])
        foreach (
            var open in (string[])
                ["[", "{\"items\":", "{\"type\":\"array\",\"items\":", "{\"anyOf\":[{\"type\":\"null\"},", "{\"default\":["]
        )
            yield return "{\"type\":\"object\",\"properties\":{\"a\":" + string.Concat(Enumerable.Repeat(open, depth));
        foreach (var depth in (int[])[30, 100, 1_000])
            yield return Field(
                string.Concat(Enumerable.Repeat("{\"type\":\"array\",\"items\":", depth))
                    + "{\"type\":\"boolean\"}"
                    + new string('}', depth)
            );
        yield return Field("{\"$ref\":\"#/$defs/a\"}", "\"a\":{\"$ref\":\"#/$defs/a\"}");
        yield return Field("{\"$ref\":\"#/$defs/a\"}", "\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"$ref\":\"#/$defs/a\"}");
        yield return Field("{\"$ref\":\"#/$defs/r40\"}", Tower(40));
        foreach (var length in (int[])[1_000, 5_000])
            yield return Field("{\"$ref\":\"#/$defs/r0\"}", Chain(length));
        // More names than there is time to compare each with each.
        yield return Field(Record(string.Join(',', Enumerable.Range(0, 36_000).Select(i => $"\"f{i:D5}\":{{\"type\":\"string\"}}"))));
        yield return Field(
            "{\"type\":\"string\",\"enum\":[" + string.Join(',', Enumerable.Range(0, 90_000).Select(i => $"\"S{i:D5}\"")) + "]}"
        );
    }

    private static string Field(string schema, string definitions = "") =>
        "{\"$defs\":{"
        + definitions
        + "},\"type\":\"object\",\"properties\":{\"a\":"
        + schema
        + "},\"required\":[\"a\"],\"x-key\":[\"a\"]}";

    // Types that hold the one before twice: as many places as there is no time for.
    private static string Tower(int levels) =>
        string.Join(
            ',',
            Enumerable
                .Range(1, levels)
                .Select(i => (Name: $"r{i}", Inner: $"{{\"$ref\":\"#/$defs/r{i - 1}\"}}"))
                .Select(r => $"\"{r.Name}\":{Record($"\"a\":{r.Inner},\"b\":{r.Inner}")}")
                .Prepend("\"r0\":{\"type\":\"string\"}")
        );

    // Types in a row: deep, though the text is not.
    private static string Chain(int length) =>
        string.Join(
            ',',
            Enumerable
                .Range(0, length)
                .Select(i => $"\"r{i}\":{Record($"\"a\":{{\"$ref\":\"#/$defs/r{i + 1}\"}}")}")
                .Append($"\"r{length}\":{{\"type\":\"string\"}}")
        );

    private static string Record(string fields) => "{\"type\":\"object\",\"properties\":{" + fields + "}}";
}
