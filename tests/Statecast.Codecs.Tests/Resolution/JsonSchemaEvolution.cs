using System.Text.Json.Nodes;

namespace Statecast.Codecs.Tests.Resolution;

/// <summary>
/// What another version may have written: the reader's JSON Schema, changed in a few places. Left out is what the checker refuses although the codec
/// reads it, because something would be lost: a list as a set, bytes as a text, digits of a decimal as floating point, a date as an instant, any text as a lenient
/// enum's symbol, an object as one with other names that needs none of them. The key stays: it is judged by its names, whatever reads.
/// </summary>
internal sealed class JsonSchemaEvolution(Random random)
{
    private const string Whole = "integer";

    private static readonly string[] Scalars =
    [
        """{"type":"boolean"}""",
        """{"type":"integer","minimum":-128,"maximum":127}""",
        """{"type":"integer","minimum":-2147483648,"maximum":2147483647}""",
        """{"type":"integer","minimum":0,"maximum":18446744073709551615}""",
        """{"type":"number","format":"float","minimum":-3.4028235E+38,"maximum":3.4028235E+38}""",
        """{"type":"number","format":"double","minimum":-1.7976931348623157E+308,"maximum":1.7976931348623157E+308}""",
        """{"type":"number","multipleOf":0.01,"minimum":-99.99,"maximum":99.99,"x-precision":4,"x-scale":2}""",
        """{"type":"string"}""",
        """{"type":"string","format":"uuid"}""",
        """{"type":"string","contentEncoding":"base64"}""",
        """{"type":"array","items":{"type":"string"}}""",
    ];

    // What makes a text one of a kind.
    private static readonly string[] Kinds = ["format", "contentEncoding", "x-text", "enum"];

    private JsonNode _definitions = new JsonObject();
    private int _added;

    public string Evolve(string schema)
    {
        var root = JsonNode.Parse(schema)!.AsObject();
        _definitions = root["$defs"] ?? new JsonObject();
        var key = root["x-key"]!.AsArray().Select(k => k!.ToString()).ToList();
        var objects = new List<JsonObject> { root };
        if (_definitions is JsonObject definitions)
            objects.AddRange(definitions.Select(d => d.Value).OfType<JsonObject>());
        // What nothing refers to any more changes nothing: some contracts stay as they are.
        for (var steps = random.Next(1, 3); steps > 0; steps--)
        for (var tries = 0; tries < 20 && !Change(objects[random.Next(objects.Count)], key); tries++) { }
        return root.ToJsonString();
    }

    private bool Change(JsonObject type, List<string> key)
    {
        if (type["enum"] is JsonArray symbols)
            return ChangeSymbols(symbols);
        var properties = type["properties"]!.AsObject();
        var isRoot = type.ContainsKey("x-key");
        var names = properties.Select(p => p.Key).Where(n => n != "$type" && !(isRoot && key.Contains(n))).ToList();
        if (random.Next(4) == 0 && properties["$type"] is JsonObject name)
            return RenameCase(name);
        if (names.Count == 0 || random.Next(5) == 0)
            return Add(properties);
        var chosen = names[random.Next(names.Count)];
        return random.Next(6) switch
        {
            0 => Remove(type, properties, chosen),
            1 => Rename(type, properties, chosen, Name("renamed")),
            2 => properties[chosen]!["x-aliases"] is JsonArray { Count: > 0 } aliases
                && Rename(type, properties, chosen, aliases[0]!.ToString()),
            _ => ChangeValue(properties[chosen]!.AsObject(), isNullable: false),
        };
    }

    private bool ChangeSymbols(JsonArray symbols)
    {
        if (random.Next(2) == 0)
            symbols.Add(Name("Added"));
        else if (symbols.Count > 1)
            symbols.RemoveAt(symbols.Count - 1);
        else
            return false;
        return true;
    }

    // A case that the reader does not know, or knows by an alias.
    private bool RenameCase(JsonObject name)
    {
        name["const"] = Name("renamed");
        return true;
    }

    private bool Add(JsonObject properties)
    {
        properties.Add(Name("added"), Scalar());
        return true;
    }

    private static bool Remove(JsonObject type, JsonObject properties, string name)
    {
        NoLongerRequired(type, name);
        return properties.Remove(name);
    }

    private static bool Rename(JsonObject type, JsonObject properties, string name, string another)
    {
        if (properties.ContainsKey(another))
            return false;
        var value = properties[name]!.DeepClone();
        NoLongerRequired(type, name);
        properties.Remove(name);
        properties.Add(another, value);
        return true;
    }

    private static void NoLongerRequired(JsonObject type, string name)
    {
        if (type["required"] is JsonArray required && required.FirstOrDefault(r => r!.ToString() == name) is { } named)
            required.Remove(named);
    }

    // A property's value, or what is within it.
    private bool ChangeValue(JsonObject value, bool isNullable)
    {
        value.Remove("default");
        if (value["anyOf"] is JsonArray maybe)
        {
            if (random.Next(2) == 0)
                return ChangeValue(maybe[1]!.AsObject(), isNullable: true);
            // A value that is never null any more.
            var inner = maybe[1]!.DeepClone().AsObject();
            value.Remove("anyOf");
            foreach (var (keyword, given) in inner)
                value[keyword] = given?.DeepClone();
            return true;
        }
        if (random.Next(3) == 0 && (value["items"] ?? value["additionalProperties"]) is JsonObject item)
            return ChangeValue(item, isNullable: false);
        if (random.Next(3) == 0)
            return !isNullable && MakeNullable(value);
        if (value["type"]?.ToString() is Whole && random.Next(2) == 0)
            return Narrow(value);
        return Retype(value);
    }

    private static bool MakeNullable(JsonObject value)
    {
        var aliases = value["x-aliases"]?.DeepClone();
        value.Remove("x-aliases");
        var inner = value.DeepClone();
        value.Clear();
        value["anyOf"] = new JsonArray(new JsonObject { ["type"] = "null" }, inner);
        if (aliases is not null)
            value["x-aliases"] = aliases;
        return true;
    }

    private static bool Narrow(JsonObject value)
    {
        value["minimum"] = 0;
        value["maximum"] = 100;
        return true;
    }

    private bool Retype(JsonObject value)
    {
        var scalar = Scalar();
        if (IsLossy(value, scalar))
            return false;
        var aliases = value["x-aliases"]?.DeepClone();
        value.Clear();
        foreach (var (keyword, given) in scalar)
            value[keyword] = given?.DeepClone();
        if (aliases is not null)
            value["x-aliases"] = aliases;
        return true;
    }

    // What the class's words name, as far as the scalars above can meet it.
    private bool IsLossy(JsonObject reader, JsonObject writer)
    {
        var kind = writer["type"]!.ToString();
        if (reader["$ref"] is { } reference)
            return kind == "string" && _definitions[reference.ToString()["#/$defs/".Length..]]!["x-unknown"] is not null;
        return kind switch
        {
            "array" => reader["type"]?.ToString() == "array",
            // Bytes as a text: JSON has their base64, Avro what they say.
            "string" => writer["contentEncoding"] is not null && IsPlainText(reader),
            "number" => writer["x-scale"] is not null && reader["type"]?.ToString() == "number" && reader["x-scale"] is null,
            _ => false,
        };
    }

    private static bool IsPlainText(JsonObject reader) =>
        reader["type"]?.ToString() == "string" && !Kinds.Any(kind => reader[kind] is not null);

    private JsonObject Scalar() => JsonNode.Parse(Scalars[random.Next(Scalars.Length)])!.AsObject();

    private string Name(string prefix) => FormattableString.Invariant($"{prefix}{_added++}");
}
