using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Compatibility;
using Xunit;

namespace Statecast.Tests.Serialization.Compatibility;

public sealed class AvroCompatibilityTests
{
    /// <summary>The fields of an earlier and a later record, and the rules by which the later does not read the earlier, and the other way round.</summary>
    public static TheoryData<string, string, CompatibilityRule?, CompatibilityRule?> Pairs =>
        new()
        {
            { F("a", "int"), F("a", "int"), null, null },
            { F("a", "int"), F("a", "long"), null, CompatibilityRule.Type },
            { F("a", "string"), F("a", "bytes"), null, null },
            { F("a", "int"), F("a", "int") + "," + F("b", "int"), CompatibilityRule.MissingDefault, null },
            { F("a", "int"), F("a", "int") + "," + D("b", "\"int\"", "1"), null, null },
            { F("a", "int"), """{"name":"b","type":"int","aliases":["a"]}""", null, CompatibilityRule.MissingDefault },
            { F("a", "int"), D("a", "[\"null\",\"int\"]", "null"), null, CompatibilityRule.Type },
            { Enum("A", "B"), Enum("A"), CompatibilityRule.EnumSymbol, null },
            { Enum("A", "B"), Enum("A", "B", "C"), null, CompatibilityRule.EnumSymbol },
            { T("[\"int\",\"string\"]"), T("[\"int\"]"), CompatibilityRule.UnionBranch, null },
            {
                T("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}"),
                T("{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}"),
                CompatibilityRule.FixedSize,
                CompatibilityRule.FixedSize
            },
            {
                T("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}"),
                T("{\"type\":\"fixed\",\"name\":\"G\",\"size\":2}"),
                CompatibilityRule.Name,
                CompatibilityRule.Name
            },
            { Decimal(9, 2), Decimal(10, 2), null, CompatibilityRule.LogicalType },
            { Decimal(9, 2), Decimal(9, 3), CompatibilityRule.LogicalType, CompatibilityRule.LogicalType },
        };

    [Theory, MemberData(nameof(Pairs))]
    public void Verdict_names_rule_path_and_advice(string earlier, string later, CompatibilityRule? backward, CompatibilityRule? forward)
    {
        Assert.Equal(backward, Rule(CompatibilityMode.Backward, earlier, later));
        Assert.Equal(forward, Rule(CompatibilityMode.Forward, earlier, later));
        Assert.Equal(backward ?? forward, Rule(CompatibilityMode.Full, earlier, later));
    }

    /// <summary>Each step is well, and the whole way is not.</summary>
    public static TheoryData<CompatibilityMode, CompatibilityMode, string[], string> Chains =>
        new()
        {
            // A default is given up that only the first state needs.
            {
                CompatibilityMode.Backward,
                CompatibilityMode.BackwardTransitive,
                [F("a", "int"), F("a", "int") + "," + D("b", "\"int\"", "1")],
                F("a", "int") + "," + F("b", "int")
            },
            // What the first still needs has a default in the second.
            {
                CompatibilityMode.Forward,
                CompatibilityMode.ForwardTransitive,
                [F("a", "int") + "," + F("b", "int"), F("a", "int") + "," + D("b", "\"int\"", "1")],
                F("a", "int")
            },
            // An alias that is given up a version later: null in place of the value, without a word, is no matter of Avro's.
            {
                CompatibilityMode.Full,
                CompatibilityMode.FullTransitive,
                [F("a", "int") + "," + F("b", "int"), F("a", "int") + "," + D("b", "\"int\"", "1")],
                F("a", "int") + "," + D("c", "\"int\"", "1")
            },
        };

    [Theory, MemberData(nameof(Chains))]
    public void Transitive_mode_looks_at_the_whole_history(
        CompatibilityMode mode,
        CompatibilityMode transitive,
        string[] history,
        string next
    )
    {
        var earlier = history.Select(Record).ToList();
        Assert.Empty(SchemaCompatibility.Check(mode, Record(next), earlier).Problems);
        // Each step by itself too.
        Assert.Empty(SchemaCompatibility.Check(mode, earlier[1], [earlier[0]]).Problems);
        var problem = Assert.Single(SchemaCompatibility.Check(transitive, Record(next), earlier).Problems);
        Assert.Equal((0, CompatibilityRule.MissingDefault, "b"), (problem.Against, problem.Rule, problem.Path));
    }

    [Fact]
    public void First_schema_is_compatible() =>
        Assert.True(SchemaCompatibility.Check(CompatibilityMode.FullTransitive, Record(F("a", "int")), []).IsCompatible);

    private static CompatibilityRule? Rule(CompatibilityMode mode, string earlier, string later)
    {
        var report = SchemaCompatibility.Check(mode, Record(later), [Record(earlier)]);
        Assert.Equal(report.IsCompatible, report.Problems.Count == 0);
        foreach (var problem in report.Problems)
        {
            Assert.Equal("avro", problem.Codec);
            Assert.Matches("^[abe]$", problem.Path);
            Assert.NotEmpty(problem.Reason);
            Assert.NotEmpty(problem.Advice);
            Assert.Contains(problem.Advice, report.ToString(), StringComparison.Ordinal);
        }
        return report.Problems.Count == 0 ? null : report.Problems[0].Rule;
    }

    private static AvroSchema Record(string fields) => AvroSchema.Parse($$"""{"type":"record","name":"R","fields":[{{fields}}]}""");

    private static string F(string name, string type) => $$"""{"name":"{{name}}","type":"{{type}}"}""";

    private static string T(string type) => $$"""{"name":"a","type":{{type}}}""";

    private static string D(string name, string type, string value) => $$"""{"name":"{{name}}","type":{{type}},"default":{{value}}}""";

    private static string Enum(params string[] symbols) =>
        """{"name":"e","type":{"type":"enum","name":"E","symbols":[""" + string.Join(",", symbols.Select(s => $"\"{s}\"")) + "]}}";

    private static string Decimal(int precision, int scale) =>
        T($"{{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":{precision},\"scale\":{scale}}}");
}
