using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Statecast.Tests.Serialization.Json;

/// <summary>
/// JSON Schema 2020-12 as far as contracts use it, written against the specification and without a look at our own reader of it. A keyword that it does
/// not know fails, unless it is an annotation: nothing may be passed over that would have to be checked.
/// </summary>
internal sealed class JsonSchemaValidator
{
    private static readonly HashSet<string> Annotations = ["$schema", "$defs", "title", "default"];

    private readonly JsonElement _root;
    private readonly List<string> _errors = [];

    private JsonSchemaValidator(JsonElement root) => _root = root;

    /// <summary>What is wrong with an instance; empty if it is valid.</summary>
    public static IReadOnlyList<string> Errors(string schema, ReadOnlyMemory<byte> instance)
    {
        using var document = JsonDocument.Parse(schema);
        using var value = JsonDocument.Parse(instance);
        var validator = new JsonSchemaValidator(document.RootElement);
        validator.Check(document.RootElement, value.RootElement, "$");
        return validator._errors;
    }

    private void Check(JsonElement schema, JsonElement value, string path)
    {
        foreach (var keyword in schema.EnumerateObject())
            if (!keyword.Name.StartsWith("x-", StringComparison.Ordinal) && !Annotations.Contains(keyword.Name))
                Check(schema, keyword.Name, keyword.Value, value, path);
    }

    private void Check(JsonElement schema, string keyword, JsonElement given, JsonElement value, string path)
    {
        switch (keyword)
        {
            case "$ref":
                Check(_root.GetProperty("$defs").GetProperty(given.GetString()!["#/$defs/".Length..]), value, path);
                break;
            case "anyOf":
                Require(given.EnumerateArray().Any(s => Fits(s, value)), path, keyword);
                break;
            case "oneOf":
                Require(given.EnumerateArray().Count(s => Fits(s, value)) == 1, path, keyword);
                break;
            case "type":
                Require(IsOf(given.GetString()!, value), path, keyword);
                break;
            case "const":
                Require(JsonElement.DeepEquals(given, value), path, keyword);
                break;
            case "enum":
                Require(given.EnumerateArray().Any(s => JsonElement.DeepEquals(s, value)), path, keyword);
                break;
            case "required" when value.ValueKind == JsonValueKind.Object:
                foreach (var name in given.EnumerateArray())
                    Require(value.TryGetProperty(name.GetString()!, out _), $"{path}.{name}", keyword);
                break;
            case "properties" when value.ValueKind == JsonValueKind.Object:
                foreach (var property in given.EnumerateObject())
                    if (value.TryGetProperty(property.Name, out var inner))
                        Check(property.Value, inner, $"{path}.{property.Name}");
                break;
            case "additionalProperties" when value.ValueKind == JsonValueKind.Object:
                if (schema.TryGetProperty("properties", out _))
                    throw new NotSupportedException("Both of them together.");
                foreach (var property in value.EnumerateObject())
                    Check(given, property.Value, $"{path}.{property.Name}");
                break;
            case "items" when value.ValueKind == JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                    Check(given, item, path + "[]");
                break;
            case "uniqueItems" when value.ValueKind == JsonValueKind.Array:
                Require(value.EnumerateArray().Select(i => i.GetRawText()).Distinct().Count() == value.GetArrayLength(), path, keyword);
                break;
            case "minimum" when value.ValueKind == JsonValueKind.Number:
                Require(Compare(value, given) >= 0, path, keyword);
                break;
            case "maximum" when value.ValueKind == JsonValueKind.Number:
                Require(Compare(value, given) <= 0, path, keyword);
                break;
            case "multipleOf" when value.ValueKind == JsonValueKind.Number:
                Require(value.TryGetDecimal(out var number) && number % given.GetDecimal() == 0, path, keyword);
                break;
            case "pattern" when value.ValueKind == JsonValueKind.String:
                Require(Regex.IsMatch(value.GetString()!, given.GetString()!, RegexOptions.ECMAScript), path, keyword);
                break;
            case "format" when value.ValueKind == JsonValueKind.String:
                Require(HasFormat(given.GetString()!, value), path, keyword);
                break;
            case "contentEncoding" when value.ValueKind == JsonValueKind.String:
                Require(value.TryGetBytesFromBase64(out _), path, keyword);
                break;
            case "required" or "properties" or "additionalProperties" or "items" or "uniqueItems" or "minimum" or "maximum":
            case "multipleOf" or "pattern" or "format" or "contentEncoding":
                break;
            default:
                throw new NotSupportedException($"The keyword '{keyword}' at {path}.");
        }
    }

    private bool Fits(JsonElement schema, JsonElement value)
    {
        var inner = new JsonSchemaValidator(_root);
        inner.Check(schema, value, "$");
        return inner._errors.Count == 0;
    }

    private static bool IsOf(string type, JsonElement value) =>
        type switch
        {
            "null" => value.ValueKind == JsonValueKind.Null,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "number" => value.ValueKind == JsonValueKind.Number,
            "integer" => value.ValueKind == JsonValueKind.Number
                && value.TryGetDecimal(out var number)
                && decimal.Truncate(number) == number,
            _ => throw new NotSupportedException($"The type '{type}'."),
        };

    private static bool HasFormat(string format, JsonElement value) =>
        format switch
        {
            "uuid" => value.TryGetGuid(out _),
            "date" => DateOnly.TryParseExact(value.GetString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            // RFC 3339 wants an offset.
            "date-time" => value.TryGetDateTimeOffset(out _) && Regex.IsMatch(value.GetString()!, @"T.*(Z|[+-]\d\d:\d\d)$"),
            // Of numbers: a text is none of their business.
            "float" or "double" => true,
            _ => throw new NotSupportedException($"The format '{format}'."),
        };

    private static int Compare(JsonElement left, JsonElement right) =>
        left.TryGetDecimal(out var a) && right.TryGetDecimal(out var b) ? a.CompareTo(b) : left.GetDouble().CompareTo(right.GetDouble());

    private void Require(bool holds, string path, string keyword)
    {
        if (!holds)
            _errors.Add($"{path}: {keyword}");
    }
}
