using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Statecast.Codecs.Tests.Resolution;

/// <summary>
/// Bodies of a contract's JSON Schema that together hold every symbol, every case, null and not, both ends of every range and its smallest step, at
/// every place where they can stand: what cannot be read of a schema, one of them holds. Made from the document alone, without the library's writer.
/// </summary>
internal sealed class JsonCoveringBodies
{
    private readonly Turns _turns = new();
    private readonly JsonElement _definitions;

    private JsonCoveringBodies(JsonElement root) => root.TryGetProperty("$defs", out _definitions);

    public static IReadOnlyList<byte[]> Of(string schema)
    {
        using var document = JsonDocument.Parse(schema);
        var covering = new JsonCoveringBodies(document.RootElement);
        return covering._turns.Bodies(() =>
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer))
                covering.Write(json, document.RootElement, "$");
            return buffer.WrittenSpan.ToArray();
        });
    }

    private void Write(Utf8JsonWriter json, JsonElement schema, string path)
    {
        if (schema.TryGetProperty("$ref", out var reference))
            Write(json, _definitions.GetProperty(reference.GetString()!["#/$defs/".Length..]), path);
        else if (schema.TryGetProperty("anyOf", out var maybe))
        {
            if (_turns.Next(path, 2) == 0)
                json.WriteNullValue();
            else
                Write(json, maybe[1], path + "?");
        }
        else if (schema.TryGetProperty("oneOf", out var cases))
        {
            var one = _turns.Next(path, cases.GetArrayLength());
            Write(json, cases[one], string.Create(CultureInfo.InvariantCulture, $"{path}|{one}"));
        }
        else if (schema.TryGetProperty("enum", out var symbols))
            json.WriteStringValue(symbols[_turns.Next(path, symbols.GetArrayLength())].GetString());
        else
            WriteTyped(json, schema, path);
    }

    private void WriteTyped(Utf8JsonWriter json, JsonElement schema, string path)
    {
        switch (schema.GetProperty("type").GetString())
        {
            case "boolean":
                json.WriteBooleanValue(_turns.Next(path, 2) == 0);
                break;
            case "integer":
                json.WriteRawValue(schema.GetProperty(_turns.Next(path, 2) == 0 ? "minimum" : "maximum").GetRawText());
                break;
            case "number":
                // A decimal's smallest step, or what no whole number is.
                json.WriteRawValue(
                    _turns.Next(path, 3) switch
                    {
                        0 => schema.GetProperty("minimum").GetRawText(),
                        1 => schema.GetProperty("maximum").GetRawText(),
                        _ => schema.TryGetProperty("multipleOf", out var step) ? step.GetRawText() : "0.5",
                    }
                );
                break;
            case "string":
                var texts = Texts(schema);
                json.WriteStringValue(texts[_turns.Next(path, texts.Length)]);
                break;
            case "array":
                json.WriteStartArray();
                for (var i = 0; i < 2; i++)
                    Write(json, schema.GetProperty("items"), path + "[]");
                json.WriteEndArray();
                break;
            default:
                WriteObject(json, schema, path);
                break;
        }
    }

    private void WriteObject(Utf8JsonWriter json, JsonElement schema, string path)
    {
        json.WriteStartObject();
        if (schema.TryGetProperty("additionalProperties", out var value))
            for (var i = 0; i < 2; i++)
            {
                json.WritePropertyName(string.Create(CultureInfo.InvariantCulture, $"k{i}"));
                Write(json, value, path + "{}");
            }
        else
            foreach (var property in schema.GetProperty("properties").EnumerateObject())
            {
                json.WritePropertyName(property.Name);
                if (property.Value.TryGetProperty("const", out var name))
                    name.WriteTo(json);
                else
                    Write(json, property.Value, $"{path}.{property.Name}");
            }
        json.WriteEndObject();
    }

    private static string[] Texts(JsonElement schema)
    {
        if (schema.TryGetProperty("x-text", out var ours))
            return ours.GetString() == "time" ? ["08:30:00.5", "00:00:00"] : ["-P1DT0.5S", "PT0S"];
        if (schema.TryGetProperty("contentEncoding", out _))
            return ["AQI=", ""];
        if (!schema.TryGetProperty("format", out var format))
            return ["any \"text\"", ""];
        return format.GetString() switch
        {
            "uuid" => ["00112233-4455-6677-8899-aabbccddeeff"],
            "date" => ["2024-02-29"],
            _ => ["2024-02-29T23:59:59.999999Z"],
        };
    }
}
