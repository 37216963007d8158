using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Statecast.Serialization.Json.Schema;
using Xunit;

namespace Statecast.Tests.Serialization.Json;

/// <summary>The schema of a contract says what its JSON codec writes and reads.</summary>
public sealed class JsonSchemaTests
{
    private static readonly StateContract<EveryValue> Contract = StateContract.Of<EveryValue>();

    /// <summary>A property and values that are none of its own: neither the schema takes them, nor the codec.</summary>
    public static TheoryData<string, string> Wrong =>
        new()
        {
            { "flag", "1" },
            { "sByte", "128" },
            { "byte", "-1" },
            { "int16", "32768" },
            { "uInt16", "65536" },
            { "int32", "2147483648" },
            { "uInt32", "-1" },
            { "int64", "9223372036854775808" },
            { "uInt64", "18446744073709551616" },
            { "int32", "1.5" },
            { "int32", "\"1\"" },
            { "single", "1e39" },
            { "double", "\"NaN\"" },
            { "text", "null" },
            { "amount", "0.00001" },
            { "amount", "100000000000000" },
            { "id", "\"no guid\"" },
            { "at", "\"yesterday\"" },
            { "day", "\"2024-02-30\"" },
            { "time", "\"24:00:00\"" },
            { "duration", "\"P1Y\"" },
            { "duration", "\"P\"" },
            { "bytes", "\"%\"" },
            { "point", "{\"x\":1}" },
            { "line", "{\"price\":1,\"quantity\":1}" },
            { "array", "{}" },
            { "map", "{\"a\":null}" },
            { "matrix", "[[\"1\"]]" },
            { "payment", "{\"$type\":\"cheque\",\"total\":1}" },
            { "payment", "{\"total\":1,\"last4\":\"1\"}" },
            { "payments", "[{\"$type\":\"card\",\"total\":1}]" },
            { "marks", "{\"a\":{\"$type\":\"text\"}}" },
            { "maybeInt", "true" },
            { "priceSet", "[0.001]" },
        };

    [Fact]
    public void Everything_that_is_written_is_valid()
    {
        Assert.Empty(JsonSchemaValidator.Errors(Contract.JsonSchema, Samples.Json(Contract, Samples.Fixed)));
        Samples.Any.Sample(
            state =>
            {
                var errors = JsonSchemaValidator.Errors(Contract.JsonSchema, Samples.Json(Contract, state));
                Assert.True(errors.Count == 0, string.Join("; ", errors));
            },
            iter: 2_000
        );
    }

    [Theory, MemberData(nameof(Wrong))]
    public void What_the_codec_refuses_is_invalid(string property, string value)
    {
        var state = JsonNode.Parse(Samples.Json(Contract, Samples.Fixed))!.AsObject();
        Assert.True(state.ContainsKey(property), property);
        var changed = Encoding.UTF8.GetBytes(Replaced(state, property, value));
        Assert.NotEmpty(JsonSchemaValidator.Errors(Contract.JsonSchema, changed));
        Assert.Throws<StateFormatException>(() => new JsonStateCodec().Decode(Contract, Contract.SchemaFingerprint, changed));
    }

    [Fact]
    public void Field_is_required_exactly_where_the_codec_needs_it()
    {
        var state = JsonNode.Parse(Samples.Json(Contract, Samples.Fixed))!.AsObject();
        var needed = 0;
        foreach (var property in state.Select(p => p.Key).ToList())
        {
            var without = state.DeepClone().AsObject();
            without.Remove(property);
            var body = Encoding.UTF8.GetBytes(without.ToJsonString());
            var isRead = true;
            try
            {
                new JsonStateCodec().Decode(Contract, Contract.SchemaFingerprint, body);
            }
            catch (StateFormatException)
            {
                isRead = false;
                needed++;
            }
            Assert.Equal((property, isRead), (property, JsonSchemaValidator.Errors(Contract.JsonSchema, body).Count == 0));
        }
        Assert.InRange(needed, 20, state.Count - 10);
    }

    // A default that says another value than the codec fills in would be a lie.
    [Fact]
    public void Defaults_are_as_the_codec_fills_them_in()
    {
        AssertDefaults(StateContract.Of<ParameterDefaults>(), """{"id":1}""");
        AssertDefaults(StateContract.Of<New.Thing>(), """{"id":1,"name":"a","mood":"Calm"}""");
    }

    private static void AssertDefaults<TState>(StateContract<TState> contract, string least)
        where TState : class
    {
        var filled = new JsonStateCodec().Decode(contract, contract.SchemaFingerprint, Encoding.UTF8.GetBytes(least));
        var written = JsonNode.Parse(Samples.Json(contract, filled))!.AsObject();
        var properties = JsonNode.Parse(contract.JsonSchema)!["properties"]!.AsObject();
        var defaults = properties.Where(p => p.Value!.AsObject().ContainsKey("default")).ToList();
        Assert.True(defaults.Count > 8);
        foreach (var (name, schema) in defaults)
            Assert.Equal((name, Comparable(written[name])), (name, Comparable(schema!["default"])));
    }

    // 0.00 and 0 are one number.
    private static string Comparable(JsonNode? node) =>
        node is JsonValue value
        && value.GetValueKind() == JsonValueKind.Number
        && decimal.TryParse(
            value.ToJsonString(),
            System.Globalization.NumberStyles.Float,
            System.Globalization.CultureInfo.InvariantCulture,
            out var number
        )
            ? (number / 1.000000000000000000000000m).ToString(System.Globalization.CultureInfo.InvariantCulture)
            : node?.ToJsonString() ?? "null";

    [Fact]
    public void Schema_is_read_back_as_it_is()
    {
        Assert.Equal(Contract.JsonSchema, JsonStateSchema.Parse(Contract.JsonSchema).ToString());
        using var schema = JsonDocument.Parse(Contract.JsonSchema);
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema.RootElement.GetProperty("$schema").GetString());
        Assert.Equal("tests.every-value.v3", schema.RootElement.GetProperty("title").GetString());
    }

    [Theory]
    [InlineData("[]", "$", "a schema is an object")]
    [InlineData("{\"type\":\"string\"}", "$", "a contract's state is an object")]
    [InlineData("{\"type\":\"object\"", "$", "',' or '}' is expected")]
    [InlineData("{\"type\":\"object\"}", "$", "'properties' is missing")]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"frog\"}}}", "$.properties.a", "'frog' is no type")]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"minLength\":1}}}", "$.properties.a", "'minLength'")]
    [InlineData("{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/B\"}}}", "$.properties.a.$ref", "'B' is not defined")]
    [InlineData(
        "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/B\"}},\"$defs\":{\"B\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/B\"}}}}",
        "$.$defs.B.items.$ref",
        "leads back to itself"
    )]
    public void Other_document_is_refused_with_place_and_reason(string json, string path, string reason)
    {
        var defect = Assert.Throws<JsonStateSchemaException>(() => JsonStateSchema.Parse(json));
        Assert.Equal(path, defect.Path);
        Assert.Contains(reason, defect.Message, StringComparison.Ordinal);
    }

    // Numbers as they are given: a node would refuse those that no number type holds.
    private static string Replaced(JsonObject state, string property, string value) =>
        "{"
        + string.Join(
            ",",
            state.Select(p => $"{JsonSerializer.Serialize(p.Key)}:{(p.Key == property ? value : p.Value?.ToJsonString() ?? "null")}")
        )
        + "}";
}
