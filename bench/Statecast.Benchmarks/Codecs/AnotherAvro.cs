using System.Text.Json.Nodes;

namespace Statecast.Benchmarks.Codecs;

/// <summary>An order as another version writes it: with a field that ours does not know, and with ours in the same order.</summary>
internal static class AnotherAvro
{
    public static string Schema(string schema)
    {
        var root = JsonNode.Parse(schema)!;
        ((JsonArray)root["fields"]!).Insert(0, new JsonObject { ["name"] = "channel", ["type"] = "string" });
        return root.ToJsonString();
    }

    public static byte[] Body(ReadOnlySpan<byte> own) => [.. "\u0006web"u8, .. own];
}
