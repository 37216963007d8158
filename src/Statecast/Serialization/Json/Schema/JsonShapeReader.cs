using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Json.Schema;

/// <summary>Turns a contract's JSON Schema into shapes. Only what our generator writes is taken: a keyword that was overlooked would make a verdict wrong.</summary>
internal sealed class JsonShapeReader
{
    private const string Definitions = "#/$defs/";

    private static readonly HashSet<string> Known =
    [
        "$schema",
        "$defs",
        "$ref",
        "title",
        "description",
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
        "pattern",
        "contentEncoding",
        "x-key",
        "x-aliases",
        "x-unknown",
        "x-precision",
        "x-scale",
        "x-text",
    ];

    private readonly SchemaJson _document;
    private readonly Dictionary<string, JsonShape?> _named = [];

    private JsonShapeReader(SchemaJson document) => _document = document;

    public static (JsonObjectShape Root, IReadOnlyList<string> Key) Read(SchemaJson document)
    {
        var reader = new JsonShapeReader(document);
        try
        {
            return reader.Value(document, "$", "$") is JsonObjectShape { CaseName: null } root
                ? (root, Names(document, "x-key", "$"))
                : throw Fail(document, "$", "a contract's state is an object");
        }
        catch (System.InsufficientExecutionStackException)
        {
            throw Fail(document, "$", "its types are nested in each other too deeply: thousands of them in a row are no state");
        }
    }

    private JsonShape Value(SchemaJson json, string path, string name)
    {
        // Types that are named can be nested in each other however little their JSON is.
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (json.Kind != SchemaJsonKind.Object)
            throw Fail(json, path, "a schema is an object");
        foreach (var member in json.Members)
            if (!Known.Contains(member.Key))
                throw Fail(member.Value, path, $"the keyword '{member.Key}' is none that contracts use");
        if (json["$ref"] is { } reference)
            return Named(reference, path);
        if (json["anyOf"] is { } any)
            return any.Items.Count == 2 && any.Items[0]["type"] is { Text: "null" }
                ? new JsonNullableShape(Value(any.Items[1], path + ".anyOf[1]", name))
                : throw Fail(any, path + ".anyOf", "null and one other schema are expected");
        if (json["oneOf"] is { } cases)
            return Cases(cases, path + ".oneOf");
        return Text(json, "type", path) switch
        {
            "boolean" => new JsonBooleanShape(),
            "integer" => new JsonExactShape(
                Number(json, "minimum", decimal.MinValue, path),
                Number(json, "maximum", decimal.MaxValue, path),
                0
            ),
            "number" => Floating(json, path),
            "string" when json["enum"] is not null => Enum(json, path, name),
            "string" => new JsonTextShape(TextKind(json)),
            "array" => new JsonListShape(
                Value(json["items"] ?? throw Fail(json, path, "'items' is missing"), path + ".items", name),
                json["uniqueItems"] is { Kind: SchemaJsonKind.True }
            ),
            "object" when json["additionalProperties"] is { } values => new JsonMapShape(
                Value(values, path + ".additionalProperties", name)
            ),
            "object" => Object(json, path, name),
            var other => throw Fail(json, path, $"'{other}' is no type that contracts use"),
        };
    }

    private JsonShape Named(SchemaJson reference, string path)
    {
        var name =
            reference.Kind == SchemaJsonKind.Text && reference.Text.StartsWith(Definitions, System.StringComparison.Ordinal)
                ? reference.Text.Substring(Definitions.Length)
                : throw Fail(reference, path + ".$ref", $"a text that begins with '{Definitions}' is expected");
        if (_named.TryGetValue(name, out var known))
            return known ?? throw Fail(reference, path + ".$ref", $"'{name}' leads back to itself, and a state is a finite tree");
        if (_document["$defs"]?[name] is not { } definition)
            throw Fail(reference, path + ".$ref", $"'{name}' is not defined");
        _named.Add(name, null);
        var shape = Value(definition, $"$.$defs.{name}", name);
        _named[name] = shape;
        return shape;
    }

    private JsonCasesShape Cases(SchemaJson json, string path)
    {
        var cases = new List<JsonObjectShape>(json.Items.Count);
        foreach (var item in json.Items)
            cases.Add(
                Value(item, path, "") is JsonObjectShape { CaseName: not null } one
                    ? one
                    : throw Fail(item, path, "an object whose '$type' is constant is expected")
            );
        return new(cases);
    }

    private JsonObjectShape Object(SchemaJson json, string path, string name)
    {
        var required = Names(json, "required", path);
        var fields = new List<JsonFieldShape>();
        string? caseName = null;
        if (json["properties"] is not { Kind: SchemaJsonKind.Object } properties)
            throw Fail(json, path, "'properties' is missing, or no object");
        foreach (var property in properties.Members)
        {
            var at = $"{path}.properties.{property.Key}";
            if (property.Key == "$type")
                caseName = Text(property.Value, "const", at);
            else
                fields.Add(
                    new(
                        property.Key,
                        Value(property.Value, at, property.Key),
                        required.Contains(property.Key),
                        Names(property.Value, "x-aliases", at)
                    )
                );
        }
        return new(name, caseName, Names(json, "x-aliases", path), fields);
    }

    private static JsonEnumShape Enum(SchemaJson json, string path, string name) =>
        new(name, Names(json, "enum", path), json["x-unknown"] is null ? null : Text(json, "x-unknown", path));

    private static JsonShape Floating(SchemaJson json, string path)
    {
        if (json["x-scale"] is null)
            return new JsonFloatingShape(json["format"] is not { Text: "float" });
        var scale = Number(json, "x-scale", 0, path);
        return scale is >= 0 and <= 28
            ? new JsonExactShape(
                Number(json, "minimum", decimal.MinValue, path),
                Number(json, "maximum", decimal.MaxValue, path),
                (int)scale
            )
            : throw Fail(json, path + ".x-scale", "a whole number from 0 to 28 is expected");
    }

    private static string TextKind(SchemaJson json) =>
        json["x-text"] is { Kind: SchemaJsonKind.Text } ours ? ours.Text
        : json["contentEncoding"] is { Kind: SchemaJsonKind.Text } bytes ? bytes.Text
        : json["format"] is { Kind: SchemaJsonKind.Text } format ? format.Text
        : "";

    private static decimal Number(SchemaJson json, string keyword, decimal without, string path)
    {
        if (json[keyword] is not { } given)
            return without;
        return
            given.Kind == SchemaJsonKind.Number
            && decimal.TryParse(
                given.Text,
                NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out var number
            )
            ? number
            : throw Fail(given, $"{path}.{keyword}", "a number of at most 28 digits is expected");
    }

    private static List<string> Names(SchemaJson json, string keyword, string path)
    {
        var names = new List<string>();
        if (json[keyword] is not { } given)
            return names;
        if (given.Kind != SchemaJsonKind.Array)
            throw Fail(given, $"{path}.{keyword}", "an array of texts is expected");
        foreach (var item in given.Items)
            names.Add(item.Kind == SchemaJsonKind.Text ? item.Text : throw Fail(item, $"{path}.{keyword}", "a text is expected"));
        return names;
    }

    private static string Text(SchemaJson json, string keyword, string path) =>
        json[keyword] is { Kind: SchemaJsonKind.Text } text ? text.Text : throw Fail(json, path, $"'{keyword}' is missing, or no text");

    private static JsonStateSchemaException Fail(SchemaJson at, string path, string reason) => new(path, at.Offset, reason);
}

/// <summary>Numbers as people and JSON write them.</summary>
internal static class JsonNumbers
{
    public static string Text(decimal number) => number.ToString(CultureInfo.InvariantCulture);
}
