using System.Text.Json.Nodes;

namespace Statecast.Fuzz.Corpus;

/// <summary>A contract's schema as another writer could have it: with fields before and after that the contract does not know, hostile ones among them.</summary>
internal static class AnotherSchema
{
    /// <summary>The bytes of the fields before: three nulls in an array; a tree, one deep; records of nothing in their billions.</summary>
    public static readonly byte[] Before = [6, 0, 2, 0, 0, 2, 0];

    /// <summary>Bodies whose tree is as deep as its bytes go: whole ones, and cut off at the deepest.</summary>
    public static IEnumerable<byte[]> Deep(byte[] own)
    {
        foreach (var depth in (int[])[1_000, 10_000, 100_000])
        {
            byte[] open = [6, 0, .. Enumerable.Repeat((byte)2, depth)];
            yield return open;
            yield return [.. open, .. new byte[depth + 1], .. Before[^2..], .. own, .. After];
        }
    }

    /// <summary>The bytes of those after: a map; an array of records that hold themselves at once, so that there can be none.</summary>
    public static readonly byte[] After = [2, 2, (byte)'k', 1, 0, 0];

    public static string Of(string schema)
    {
        var root = JsonNode.Parse(schema)!;
        var fields = (JsonArray)root["fields"]!;
        fields.Insert(0, Field("nothing", """{"type":"array","items":"null"}"""));
        fields.Insert(
            1,
            Field("tree", """{"type":"record","name":"Tree","fields":[{"name":"kids","type":{"type":"array","items":"Tree"}}]}""")
        );
        var nothing = """{"type":"record","name":"N0","fields":[]}""";
        for (var level = 1; level <= 14; level++)
            nothing =
                $$$"""{"type":"record","name":"N{{{level}}}","fields":[{"name":"a","type":{{{nothing}}}},{"name":"b","type":"N{{{level - 1}}}"},{"name":"c","type":"N{{{level - 1}}}"}]}""";
        fields.Insert(2, Field("nowhere", $$"""{"type":"array","items":{{nothing}}}"""));
        fields.Add(Field("flags", """{"type":"map","values":"boolean"}"""));
        fields.Add(
            Field("endless", """{"type":"array","items":{"type":"record","name":"Endless","fields":[{"name":"self","type":"Endless"}]}}""")
        );
        return root.ToJsonString();
    }

    private static JsonObject Field(string name, string type) => new() { ["name"] = name, ["type"] = JsonNode.Parse(type) };
}
