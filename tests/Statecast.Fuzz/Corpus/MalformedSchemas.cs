using System.Text;

namespace Statecast.Fuzz.Corpus;

/// <summary>Schemas that are none, or are made to be the end of who reads them.</summary>
internal static class MalformedSchemas
{
    public static IReadOnlyList<byte[]> All(string valid) =>
        [
            .. Texts(valid).Select(Encoding.UTF8.GetBytes),
            .. Enumerable.Range(0, valid.Length / 7).Select(i => Encoding.UTF8.GetBytes(valid[..(7 * i)])),
        ];

    private static IEnumerable<string> Texts(string valid)
    {
        yield return valid;
        yield return """{"type":"record","name":"R","fields":[{"name":"next","type":["null","R"]}]}""";
        yield return """{"type":"record","name":"R","fields":[{"name":"self","type":"R"}]}""";
        yield return """{"type":"record","name":"State","namespace":"tests","fields":[{"name":"all","type":{"type":"array","items":"State"}}]}""";
        yield return """{"type":"enum","name":"E","symbols":["A","B"],"default":"B","aliases":["x.F"]}""";
        yield return """{"type":"fixed","name":"F","size":2147483648}""";
        yield return """{"type":"bytes","logicalType":"decimal","precision":2147483647,"scale":2147483647}""";
        yield return """{"type":{"type":{"type":"int"}}}""";
        yield return """["null",{"type":"map","values":{"type":"array","items":["null","string"]}}]""";
        yield return "{\"type\":\"int\",\"x\":\"\\ud800\",\"\\u0000\":1e400}";
        yield return new string('[', 100_000);
        yield return string.Concat(Enumerable.Repeat("{\"type\":", 100_000));
        yield return "[" + string.Concat(Enumerable.Repeat("\"int\",", 20_000)) + "\"int\"]";
        yield return "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":["
            + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"S{i}\""))
            + "]}";
        // More names than there is time to compare each with each, within the limits of values and characters.
        var many = string.Join(',', Enumerable.Range(0, 45_000).Select(i => $"\"S{i:D5}\""));
        var last = string.Join(',', Enumerable.Repeat("\"S44999\"", 45_000));
        yield return $$$"""
            {"type":"record","name":"Wide","fields":[{"name":"a","type":{"type":"array","items":{"type":"enum","name":"E","symbols":[{{{many}}}]}},"default":[{{{last}}}]}]}
            """;
        yield return Tower(40);
        yield return Choices(24);
    }

    // Types that hold the one before twice: as many places as there is no time for.
    private static string Tower(int levels)
    {
        var fields = new List<string> { """{"name":"f0","type":{"type":"record","name":"R0","fields":[{"name":"x","type":"int"}]}}""" };
        for (var i = 1; i <= levels; i++)
            fields.Add(
                $$$"""{"name":"f{{{i}}}","type":{"type":"record","name":"R{{{i}}}","fields":[{"name":"a","type":"R{{{i - 1}}}"},{"name":"b","type":"R{{{i - 1}}}"}]}}"""
            );
        return $$"""{"type":"record","name":"Tower","fields":[{{string.Join(',', fields)}}]}""";
    }

    // A default that could be of any of a union's records, at every level, and is of none.
    private static string Choices(int levels)
    {
        var inner = "\"never\"";
        for (var i = 0; i < levels; i++)
            inner = $$"""{"n":{{inner}}}""";
        return $$$"""
            {"type":"record","name":"Root","fields":[
              {"name":"a","type":{"type":"record","name":"A","fields":[{"name":"n","type":["int","A",
                {"type":"record","name":"B","fields":[{"name":"n","type":["int","A","B"]}]}]}]}},
              {"name":"d","type":"A","default":{{{inner}}}}]}
            """;
    }
}
