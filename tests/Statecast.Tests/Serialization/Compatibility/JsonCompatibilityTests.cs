using Statecast.Serialization.Compatibility;
using Statecast.Serialization.Json.Schema;
using Xunit;

namespace Statecast.Tests.Serialization.Compatibility;

public sealed class JsonCompatibilityTests
{
    private const string Int = "\"type\":\"integer\",\"minimum\":-2147483648,\"maximum\":2147483647";
    private const string Long = "\"type\":\"integer\",\"minimum\":-9223372036854775808,\"maximum\":9223372036854775807";
    private const string UInt = "\"type\":\"integer\",\"minimum\":0,\"maximum\":4294967295";
    private const string Float = "\"type\":\"number\",\"format\":\"float\"";
    private const string Double = "\"type\":\"number\",\"format\":\"double\"";
    private const string Text = "\"type\":\"string\"";
    private const string Bytes = "\"type\":\"string\",\"contentEncoding\":\"base64\"";
    private const string Uuid = "\"type\":\"string\",\"format\":\"uuid\"";
    private const string Date = "\"type\":\"string\",\"format\":\"date\"";
    private const string MaybeInt = "\"anyOf\":[{\"type\":\"null\"},{" + Int + "}]";

    /// <summary>A field's earlier and later schema, and the rules by which the later does not read the earlier, and the other way round.</summary>
    public static TheoryData<string, string, CompatibilityRule?, CompatibilityRule?> Values =>
        new()
        {
            { Int, Int, null, null },
            { Int, Long, null, CompatibilityRule.Range },
            { Int, UInt, CompatibilityRule.Range, CompatibilityRule.Range },
            { Int, Double, null, CompatibilityRule.Type },
            { Int, Float, null, CompatibilityRule.Type },
            { Float, Double, null, CompatibilityRule.Type },
            { Int, Text, CompatibilityRule.Type, CompatibilityRule.Type },
            { Int, Decimal("-9999999999", "9999999999", 0), null, CompatibilityRule.Range },
            { Decimal("-99.99", "99.99", 2), Decimal("-99.999", "99.999", 3), null, CompatibilityRule.Range },
            { Decimal("-99.99", "99.99", 2), Decimal("-9.999", "9.999", 3), CompatibilityRule.Range, CompatibilityRule.Range },
            { Decimal("-99.99", "99.99", 2), Double, CompatibilityRule.Type, CompatibilityRule.Type },
            { Uuid, Text, null, CompatibilityRule.Type },
            { Uuid, Date, CompatibilityRule.Type, CompatibilityRule.Type },
            { "\"type\":\"boolean\"", Text, CompatibilityRule.Type, CompatibilityRule.Type },
            { Int, MaybeInt, null, CompatibilityRule.Null },
            { Enum("", "A", "B"), Enum("", "A"), CompatibilityRule.EnumSymbol, null },
            { Enum("", "A", "B"), Enum("A", "A"), null, null },
            { Enum("", "A"), Text, null, CompatibilityRule.Type },
            { List(Int), List(Long), null, CompatibilityRule.Range },
            { List(Int), Set(Int), CompatibilityRule.Loss, null },
            { Bytes, Text, CompatibilityRule.Loss, CompatibilityRule.Type },
            { List(Int), Map(Int), CompatibilityRule.Type, CompatibilityRule.Type },
            { Map(Int), Map(Long), null, CompatibilityRule.Range },
            { Record("a"), Record("a"), null, null },
            { Record("a"), Map(Int), CompatibilityRule.Type, CompatibilityRule.Type },
            { Record("a"), Record("a", "b"), CompatibilityRule.MissingDefault, null },
            { Cases("x"), Cases("x", "y"), null, CompatibilityRule.UnionBranch },
            { Cases("x"), Record("a"), CompatibilityRule.Type, CompatibilityRule.Type },
        };

    [Theory, MemberData(nameof(Values))]
    public void Verdict_of_a_value(string earlier, string later, CompatibilityRule? backward, CompatibilityRule? forward)
    {
        Assert.Equal(backward, Rule(CompatibilityMode.Backward, Field(earlier), Field(later)));
        Assert.Equal(forward, Rule(CompatibilityMode.Forward, Field(earlier), Field(later)));
        Assert.Equal(backward ?? forward, Rule(CompatibilityMode.Full, Field(earlier), Field(later)));
    }

    [Fact]
    public void Types_that_hold_the_one_before_twice_are_compared_once()
    {
        // 2^40 places, of which each would say the same.
        var (earlier, later) = (JsonStateSchema.Parse(Tower(40, Int)), JsonStateSchema.Parse(Tower(40, Text)));
        Assert.True(SchemaCompatibility.Check(CompatibilityMode.Full, earlier, [earlier]).IsCompatible);
        Assert.Equal(2, SchemaCompatibility.Check(CompatibilityMode.Backward, later, [earlier]).Problems.Count);
    }

    [Theory, InlineData("", "$."), InlineData("[x", "[x"), InlineData("{", "{")]
    public void Field_of_any_name_is_told_by_it(string name, string path)
    {
        static JsonStateSchema Of(string name, string value) => JsonStateSchema.Parse(Holder($"\"{name}\":{{{value}}}"));
        var told = Assert.Single(SchemaCompatibility.Check(CompatibilityMode.Backward, Of(name, Text), [Of(name, Int)]).Problems);
        Assert.Equal(path, told.Path);
    }

    [Fact]
    public void Types_that_nest_in_each_other_by_the_thousand_are_refused()
    {
        var told = OnSmallStack(() => Assert.Throws<JsonStateSchemaException>(() => JsonStateSchema.Parse(Tower(10_000, Int))).Message);
        Assert.Contains("nested in each other too deeply", told, StringComparison.Ordinal);
        // Read from the shallow end they are not deep; the comparison, of the one field in common, is.
        var (earlier, later) = (JsonStateSchema.Parse(Tower(10_000, Int, "e")), JsonStateSchema.Parse(Tower(10_000, Int, "l")));
        told = OnSmallStack(() =>
            Assert.Single(SchemaCompatibility.Check(CompatibilityMode.Backward, later, [earlier]).Problems).ToString()
        );
        Assert.Contains("nested in each other too deeply", told, StringComparison.Ordinal);
    }

    private static string OnSmallStack(Func<string> what)
    {
        var told = "";
        var thread = new Thread(
            () => told = Xunit.Record.Exception(() => told = what()) is { } failed ? failed.ToString() : told,
            512 * 1024
        );
        thread.Start();
        thread.Join();
        return told;
    }

    // A state of types, each of which holds the one before in two fields; with some of them named first, so that they are read from the shallow end.
    private static string Tower(int levels, string inner, string? shallow = null)
    {
        var types = Enumerable.Range(1, levels).Select(i => $"\"r{i}\":{Holder($"\"a\":{Ref(i - 1)},\"b\":{Ref(i - 1)}")}");
        var fields = Enumerable
            .Range(1, levels)
            .Where(i => shallow is not null && i % 100 == 0)
            .Select(i => $"\"{shallow}{i}\":{Ref(i)}")
            .Append($"\"top\":{Ref(levels)}");
        return $"{{\"$defs\":{{\"r0\":{Holder($"\"a\":{{{inner}}},\"b\":{{{inner}}}")},{string.Join(',', types)}}},{Holder(string.Join(',', fields))[1..]}";
    }

    private static string Ref(int type) => $"{{\"$ref\":\"#/$defs/r{type}\"}}";

    private static string Holder(string fields) => $"{{\"type\":\"object\",\"properties\":{{{fields}}}}}";

    /// <summary>An earlier and a later state, and the rules as above.</summary>
    public static TheoryData<string, string, CompatibilityRule?, CompatibilityRule?> States =>
        new()
        {
            { State("id", P("id")), State("id", P("id"), P("v")), CompatibilityRule.MissingDefault, null },
            { State("id", P("id")), State("id", P("id"), P("v", "\"default\":1", required: false)), null, null },
            { State("id", P("id"), P("v")), State("id", P("id"), P("w", "\"x-aliases\":[\"v\"]")), null, CompatibilityRule.MissingDefault },
            {
                State("id", P("id"), P("v"), P("w")),
                State("id", P("id"), P("w", "\"x-aliases\":[\"v\"]")),
                CompatibilityRule.AliasTaken,
                CompatibilityRule.MissingDefault
            },
            { State("id", P("id"), P("v")), State("v", P("id"), P("v")), CompatibilityRule.Key, CompatibilityRule.Key },
            { State("id\",\"v", P("id"), P("v")), State("v\",\"id", P("id"), P("v")), CompatibilityRule.Key, CompatibilityRule.Key },
            // A renamed key is the same key; only the earlier reader misses it, as it would any field.
            { State("id", P("id")), State("key", P("key", "\"x-aliases\":[\"id\"]")), null, CompatibilityRule.MissingDefault },
        };

    [Theory, MemberData(nameof(States))]
    public void Verdict_of_a_state(string earlier, string later, CompatibilityRule? backward, CompatibilityRule? forward)
    {
        Assert.Equal(backward, Rule(CompatibilityMode.Backward, earlier, later));
        Assert.Equal(forward, Rule(CompatibilityMode.Forward, earlier, later));
    }

    [Fact]
    public void Path_leads_through_collections_and_cases()
    {
        static string Deep(string inner) =>
            Field(List(Map("\"type\":\"object\",\"properties\":{\"a\":{" + inner + "}},\"required\":[\"a\"]")));
        var report = SchemaCompatibility.Check(
            CompatibilityMode.Backward,
            JsonStateSchema.Parse(Deep(Int)),
            [JsonStateSchema.Parse(Deep(Long))]
        );
        Assert.Equal("v[]{}.a", Assert.Single(report.Problems).Path);
    }

    [Fact]
    public void Transitive_mode_looks_at_the_whole_history()
    {
        // An enum's stand-in is given up again: only what the first wrote needs it.
        List<JsonStateSchema> history = [Parse(Enum("", "A", "B")), Parse(Enum("A", "A"))];
        var next = Parse(Enum("", "A"));
        Assert.True(SchemaCompatibility.Check(CompatibilityMode.Backward, history[1], [history[0]]).IsCompatible);
        Assert.True(SchemaCompatibility.Check(CompatibilityMode.Backward, next, history).IsCompatible);
        var problem = Assert.Single(SchemaCompatibility.Check(CompatibilityMode.BackwardTransitive, next, history).Problems);
        Assert.Equal((0, CompatibilityRule.EnumSymbol), (problem.Against, problem.Rule));

        static JsonStateSchema Parse(string value) => JsonStateSchema.Parse(Field(value));
    }

    private static CompatibilityRule? Rule(CompatibilityMode mode, string earlier, string later)
    {
        var report = SchemaCompatibility.Check(mode, JsonStateSchema.Parse(later), [JsonStateSchema.Parse(earlier)]);
        Assert.All(report.Problems, p => Assert.Equal("json", p.Codec));
        Assert.All(report.Problems, p => Assert.NotEmpty(p.Advice));
        return report.Problems.Count == 0 ? null : report.Problems[0].Rule;
    }

    private static string Field(string value) =>
        "{\"x-key\":[\"id\"],\"type\":\"object\",\"properties\":{\"id\":{" + Int + "},\"v\":{" + value + "}},\"required\":[\"id\",\"v\"]}";

    private static string State(string key, params (string Name, string Schema, bool Required)[] properties) =>
        $"{{\"x-key\":[\"{key}\"],\"type\":\"object\",\"properties\":{{"
        + string.Join(",", properties.Select(p => $"\"{p.Name}\":{p.Schema}"))
        + "},\"required\":["
        + string.Join(",", properties.Where(p => p.Required).Select(p => $"\"{p.Name}\""))
        + "]}";

    private static (string Name, string Schema, bool Required) P(string name, string more = "", bool required = true) =>
        (name, "{" + Int + (more.Length > 0 ? "," + more : "") + "}", required);

    private static string Decimal(string min, string max, int scale) =>
        $"\"type\":\"number\",\"minimum\":{min},\"maximum\":{max},\"x-precision\":9,\"x-scale\":{scale}";

    private static string Enum(string unknown, params string[] symbols) =>
        $"\"type\":\"string\",\"enum\":[{string.Join(",", symbols.Select(s => $"\"{s}\""))}]"
        + (unknown.Length > 0 ? $",\"x-unknown\":\"{unknown}\"" : "");

    private static string List(string item) => "\"type\":\"array\",\"items\":{" + item + "}";

    private static string Set(string item) => "\"type\":\"array\",\"uniqueItems\":true,\"items\":{" + item + "}";

    private static string Map(string value) => "\"type\":\"object\",\"additionalProperties\":{" + value + "}";

    private static string Record(params string[] fields) => Object("", fields);

    private static string Object(string first, string[] fields) =>
        "\"type\":\"object\",\"properties\":{"
        + first
        + string.Join(",", fields.Select(f => $"\"{f}\":{{{Int}}}"))
        + "},\"required\":["
        + string.Join(",", fields.Select(f => $"\"{f}\""))
        + "]";

    private static string Cases(params string[] names) =>
        "\"oneOf\":[" + string.Join(",", names.Select(n => "{" + Object($"\"$type\":{{\"const\":\"{n}\"}},", ["a"]) + "}")) + "]";
}
