using System.Text.Json.Nodes;

namespace Statecast.Codecs.Tests.Resolution;

/// <summary>Makes another writer's schema of a reader's: what an earlier or later version of it could be, or a mistake.</summary>
internal sealed class SchemaEvolution(Random random)
{
    private int _added;

    public string Evolve(string schema)
    {
        var root = JsonNode.Parse(schema)!;
        for (var steps = random.Next(1, 4); steps > 0; steps--)
        {
            var places = new List<JsonNode>();
            Collect(root, places);
            // Some places have nothing to change in the way that is drawn.
            for (var tries = 0; tries < 20 && !Change(places[random.Next(places.Count)]); tries++) { }
        }
        DropDefaults(root);
        return root.ToJsonString();
    }

    private static void Collect(JsonNode? node, List<JsonNode> places)
    {
        if (node is JsonObject or JsonArray)
            places.Add(node);
        if (node is JsonObject o)
            foreach (var (name, value) in o)
                if (name is "type" or "items" or "values" or "fields")
                    Collect(value, places);
        if (node is JsonArray a)
            foreach (var item in a)
                Collect(item, places);
    }

    // Only a reader's defaults are of use; the writer's may fit no longer.
    private static void DropDefaults(JsonNode root)
    {
        var places = new List<JsonNode>();
        Collect(root, places);
        foreach (var fields in places.OfType<JsonObject>().Select(p => p["fields"]).OfType<JsonArray>())
        foreach (var field in fields)
            ((JsonObject)field!).Remove("default");
    }

    private bool Change(JsonNode place) =>
        place switch
        {
            JsonArray union when union.Parent is not JsonObject { } holder || holder["fields"] != union => ChangeUnion(union),
            JsonObject { } field when field.ContainsKey("name") && !IsNamed(field) => ChangeField(field),
            JsonObject { } named when IsNamed(named) => ChangeNamed(named),
            JsonObject { } type => ChangeType(type),
            _ => false,
        };

    private static bool IsNamed(JsonObject type) =>
        type["type"] is JsonValue kind
        && kind.ToString() is "record" or "enum" or "fixed"
        && (type.ContainsKey("fields") || type.ContainsKey("symbols") || type.ContainsKey("size"));

    private bool ChangeUnion(JsonArray union)
    {
        var nullAt = union.ToList().FindIndex(b => b is JsonValue v && v.ToString() == "null");
        switch (random.Next(3))
        {
            case 0 when union.Count > 1:
                // A branch the writer never writes; but what a removed branch declares may be named later.
                return nullAt >= 0 && Remove(union, nullAt);
            case 1 when nullAt < 0:
                union.Add("null");
                return true;
            case 2 when union.Count > 1 && union.All(b => b is JsonValue):
                var last = union[^1]!.DeepClone();
                union.RemoveAt(union.Count - 1);
                union.Insert(0, last);
                return true;
            default:
                return false;
        }
    }

    private bool ChangeField(JsonObject field)
    {
        var fields = (JsonArray)field.Parent!;
        switch (random.Next(9))
        {
            case 0:
                // A field that the reader does not know.
                fields.Insert(random.Next(fields.Count + 1), new JsonObject { ["name"] = $"added{_added++}", ["type"] = Any() });
                return true;
            case 1 or 2 when field["type"] is JsonValue or JsonArray { Count: 2 } && !Declares(field["type"]!):
                return fields.Remove(field);
            case 3 when field["aliases"] is JsonArray { Count: > 0 } aliases:
                field["name"] = aliases[0]!.DeepClone();
                field.Remove("aliases");
                return true;
            case 4:
                field["name"] = $"renamed{_added++}";
                return true;
            case 5 or 6 when field["type"] is JsonValue type && Demoted(type.ToString()) is { } demoted:
                field["type"] = demoted;
                return true;
            case 7 when field["type"] is JsonValue kept && !IsReference(kept.ToString()):
                field["type"] = new JsonArray("null", kept.DeepClone());
                return true;
            case 8 when !Declares(field["type"]!):
                field["type"] = Any();
                return true;
            default:
                return false;
        }
    }

    private bool ChangeNamed(JsonObject named)
    {
        if (named["symbols"] is JsonArray symbols && random.Next(3) > 0)
        {
            if (random.Next(2) == 0)
                symbols.Insert(random.Next(symbols.Count + 1), $"Added{_added++}");
            else if (symbols.Count > 1 && symbols[^1]!.ToString() != named["default"]?.ToString())
                symbols.RemoveAt(symbols.Count - 1);
            return true;
        }
        if (named["fields"] is JsonArray { Count: > 1 } fields && random.Next(2) == 0 && fields.All(f => !Declares(f!["type"]!)))
        {
            var moved = fields[0]!;
            fields.RemoveAt(0);
            fields.Add(moved);
            return true;
        }
        // Another namespace: names are compared without it. Only where nothing inside or after refers to it by name.
        if (named.Parent is null && random.Next(2) == 0)
            named["namespace"] = "another.space";
        else if (named.Parent is null && random.Next(4) == 0)
            named["name"] = "Another";
        else
            return false;
        return true;
    }

    private bool ChangeType(JsonObject type)
    {
        if (type["logicalType"] is null)
            return false;
        if (type["precision"] is JsonValue precision && random.Next(2) == 0)
        {
            var digits = precision.GetValue<int>() + random.Next(-1, 2);
            if (digits < Math.Max(1, type["scale"]!.GetValue<int>()))
                return false;
            type["precision"] = digits;
            return true;
        }
        // What says nothing of its meaning is read as the reader means it.
        type.Remove("logicalType");
        type.Remove("precision");
        type.Remove("scale");
        return true;
    }

    private JsonNode Any() =>
        random.Next(6) switch
        {
            0 => JsonValue.Create("long"),
            1 => new JsonObject { ["type"] = "array", ["items"] = "string" },
            2 => new JsonObject { ["type"] = "map", ["values"] = "double" },
            3 => new JsonArray("null", "int"),
            4 => new JsonObject
            {
                ["type"] = "fixed",
                ["name"] = $"Fixed{_added++}",
                ["size"] = random.Next(4),
            },
            _ => JsonValue.Create("boolean"),
        };

    private static bool Remove(JsonArray union, int index)
    {
        union.RemoveAt(index);
        return true;
    }

    private string? Demoted(string type) =>
        type switch
        {
            "long" => "int",
            "float" => random.Next(2) == 0 ? "int" : "long",
            "double" => ((string[])["int", "long", "float"])[random.Next(3)],
            "string" => "bytes",
            "bytes" => "string",
            "int" => "long",
            _ => null,
        };

    private static bool IsReference(string type) =>
        type is not ("null" or "boolean" or "int" or "long" or "float" or "double" or "bytes" or "string");

    // Whether it declares a name, which may be used after it.
    private static bool Declares(JsonNode type) =>
        type switch
        {
            JsonObject o => o.ContainsKey("name")
                || o.Any(p => p.Key is "type" or "items" or "values" && p.Value is not null && Declares(p.Value)),
            JsonArray a => a.Any(i => Declares(i!)),
            _ => false,
        };
}
