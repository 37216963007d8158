using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;
using Xunit;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>The matrix of the specification's "Schema Resolution": what is read of what, and why not.</summary>
public sealed class AvroResolutionTests
{
    private static readonly string[] Primitives = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

    private static readonly HashSet<(string Writer, string Reader)> Promoted =
    [
        ("int", "long"),
        ("int", "float"),
        ("int", "double"),
        ("long", "float"),
        ("long", "double"),
        ("float", "double"),
        ("string", "bytes"),
        ("bytes", "string"),
    ];

    public static TheoryData<string, string, bool> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string, bool>();
            foreach (var writer in Primitives)
            foreach (var reader in Primitives)
                pairs.Add($"\"{writer}\"", $"\"{reader}\"", writer == reader || Promoted.Contains((writer, reader)));
            string[] complex =
            [
                """{"type":"array","items":"int"}""",
                """{"type":"map","values":"int"}""",
                """{"type":"record","name":"R","fields":[]}""",
                """{"type":"enum","name":"R","symbols":["A"]}""",
                """{"type":"fixed","name":"R","size":1}""",
            ];
            for (var w = 0; w < complex.Length; w++)
            {
                for (var r = 0; r < complex.Length; r++)
                    pairs.Add(complex[w], complex[r], w == r);
                pairs.Add(complex[w], "\"int\"", false);
                pairs.Add("\"int\"", complex[w], false);
            }
            return pairs;
        }
    }

    [Theory, MemberData(nameof(Pairs))]
    public void Type_is_read_as_itself_or_as_what_it_is_promoted_to(string writer, string reader, bool reads)
    {
        var resolution = Resolve(writer, reader);
        Assert.Equal(reads, resolution.ReadsAll);
        Assert.Equal(reads, resolution.Plan is not null);
        Assert.Equal(reads, Resolve($$"""{"type":"array","items":{{writer}}}""", $$"""{"type":"array","items":{{reader}}}""").ReadsAll);
        Assert.Equal(reads, Resolve($$"""{"type":"map","values":{{writer}}}""", $$"""{"type":"map","values":{{reader}}}""").ReadsAll);
        Assert.Equal(reads, Resolve(writer, $"[{reader}]").ReadsAll);
        Assert.Equal(reads, Resolve($"[{writer}]", reader).ReadsAll);
    }

    [Theory]
    // Unqualified names, and the reader's aliases.
    [InlineData("""{"type":"fixed","name":"a.F","size":2}""", """{"type":"fixed","name":"b.F","size":2}""", null, "")]
    [InlineData("""{"type":"fixed","name":"F","size":2}""", """{"type":"fixed","name":"G","size":2}""", AvroMismatchRule.Name, "$")]
    [InlineData("""{"type":"fixed","name":"F","size":2}""", """{"type":"fixed","name":"G","aliases":["F"],"size":2}""", null, "")]
    [InlineData(
        """{"type":"fixed","name":"F","aliases":["G"],"size":2}""",
        """{"type":"fixed","name":"G","size":2}""",
        AvroMismatchRule.Name,
        "$"
    )]
    [InlineData("""{"type":"fixed","name":"F","size":2}""", """{"type":"fixed","name":"F","size":3}""", AvroMismatchRule.FixedSize, "$")]
    // Enums.
    [InlineData("""{"type":"enum","name":"E","symbols":["A","B"]}""", """{"type":"enum","name":"E","symbols":["B","A","C"]}""", null, "")]
    [InlineData(
        """{"type":"enum","name":"E","symbols":["A","B"]}""",
        """{"type":"enum","name":"E","symbols":["A"]}""",
        AvroMismatchRule.EnumSymbol,
        "$"
    )]
    [InlineData(
        """{"type":"enum","name":"E","symbols":["A","B"]}""",
        """{"type":"enum","name":"E","symbols":["A"],"default":"A"}""",
        null,
        ""
    )]
    [InlineData(
        """{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}""",
        """{"type":"enum","name":"E","symbols":["A"]}""",
        AvroMismatchRule.EnumSymbol,
        "$"
    )]
    // Unions.
    [InlineData("\"int\"", """["null","long"]""", null, "")]
    [InlineData("\"int\"", """["null","string"]""", AvroMismatchRule.UnionBranch, "$")]
    [InlineData("""["null","int"]""", "\"long\"", AvroMismatchRule.Type, "$")]
    [InlineData("""["int","float"]""", "\"double\"", null, "")]
    [InlineData("""["null","int"]""", """["string","null"]""", AvroMismatchRule.UnionBranch, "$")]
    [InlineData("""["null","int"]""", """["double","null"]""", null, "")]
    // Logical types.
    [InlineData("\"long\"", """{"type":"long","logicalType":"timestamp-micros"}""", null, "")]
    [InlineData(
        """{"type":"long","logicalType":"timestamp-millis"}""",
        """{"type":"long","logicalType":"timestamp-micros"}""",
        AvroMismatchRule.LogicalType,
        "$"
    )]
    [InlineData(
        """{"type":"int","logicalType":"date"}""",
        """{"type":"long","logicalType":"timestamp-micros"}""",
        AvroMismatchRule.LogicalType,
        "$"
    )]
    [InlineData(
        """{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}""",
        """{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}""",
        null,
        ""
    )]
    [InlineData(
        """{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}""",
        """{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}""",
        AvroMismatchRule.LogicalType,
        "$"
    )]
    [InlineData(
        """{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}""",
        """{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}""",
        AvroMismatchRule.LogicalType,
        "$"
    )]
    public void Named_types_unions_and_logical_types(string writer, string reader, AvroMismatchRule? rule, string path) =>
        Assert.Equal(rule is null ? [] : [(rule.Value, path)], Resolve(writer, reader).Mismatches.Select(m => (m.Rule, m.Path)));

    [Theory]
    [InlineData("a:int b:string", "b:string a:long", "1,0")]
    [InlineData("a:int b:string c:bytes", "b:string", "-1,0,-1")]
    [InlineData("a:int", "a:int b:int=5", "0")]
    [InlineData("old:int", "a:int<old", "0")]
    // The name goes before an alias; what is then left has its default.
    [InlineData("old:int", "a:int=1<old old:int", "1")]
    [InlineData("old:int a:int", "a:int<old", "-1,0")]
    [InlineData("x:int", "a:int=1<x b:int=1<x", "0")]
    public void Fields_are_found_by_name_then_by_the_readers_aliases(string writer, string reader, string fields)
    {
        var resolution = Resolve(Record(writer), Record(reader));
        Assert.True(resolution.ReadsAll);
        Assert.Equal(fields, string.Join(',', resolution.Plan!.Steps.Select(s => s.Field)));
    }

    [Theory]
    [InlineData("a:int", "a:int b:int", AvroMismatchRule.MissingDefault, "b")]
    [InlineData("a:string", "a:int", AvroMismatchRule.Type, "a")]
    [InlineData("a:int<b", "b:int", AvroMismatchRule.MissingDefault, "b")]
    public void Field_that_cannot_be_read_is_named(string writer, string reader, AvroMismatchRule rule, string path)
    {
        var resolution = Resolve(Record(writer), Record(reader));
        Assert.Null(resolution.Plan);
        var mismatch = Assert.Single(resolution.Mismatches);
        Assert.Equal((rule, path), (mismatch.Rule, mismatch.Path));
        Assert.NotEmpty(mismatch.Advice);
    }

    [Fact]
    public void Path_leads_through_records_arrays_and_maps()
    {
        static string Nested(string type) =>
            $$$$"""{"type":"record","name":"R","fields":[{"name":"lines","type":{"type":"array","items":{"type":"map","values":["null",{"type":"record","name":"L","fields":[{"name":"price","type":"{{{{type}}}}"}]}]}}}]}""";
        var mismatch = Assert.Single(Resolve(Nested("string"), Nested("double")).Mismatches);
        Assert.Equal("lines[]{}.price", mismatch.Path);
    }

    [Fact]
    public void Type_that_contains_itself_is_resolved()
    {
        static string List(string value) =>
            $$$"""{"type":"record","name":"List","fields":[{"name":"value","type":"{{{value}}}"},{"name":"next","type":["null","List"]}]}""";
        var plan = Resolve(List("int"), List("double")).Plan!;
        Assert.True(Resolve(List("int"), List("double")).ReadsAll);
        var next = plan.Steps[1].Plan.Branches![1]!;
        Assert.Equal((1, 2), (next.Branch, next.Steps.Length));
        Assert.Same(next, next.Steps[1].Plan.Branches![1]);
        Assert.Null(Resolve(List("string"), List("double")).Plan);
    }

    [Fact]
    public void Branch_of_the_same_full_name_goes_before_one_of_the_same_simple_name()
    {
        const string union = """[{"type":"record","name":"a.R","fields":[]},{"type":"record","name":"b.R","fields":[]}]""";
        Assert.Equal(1, Resolve("""{"type":"record","name":"b.R","fields":[]}""", union).Plan!.Branch);
        Assert.Equal(0, Resolve("""{"type":"record","name":"c.R","fields":[]}""", union).Plan!.Branch);
    }

    private static AvroResolution Resolve(string writer, string reader) =>
        AvroResolution.Of(AvroSchema.Parse(writer), AvroSchema.Parse(reader));

    /// <summary><c>name:type=default&lt;alias</c>, separated by blanks.</summary>
    private static string Record(string fields) =>
        $$$"""{"type":"record","name":"R","fields":[{{{string.Join(',', fields.Split(' ').Select(Field))}}}]}""";

    private static string Field(string text)
    {
        var alias = text.Split('<') is [_, var old] ? $",\"aliases\":[\"{old}\"]" : "";
        text = text.Split('<')[0];
        var value = text.Split('=') is [_, var given] ? $",\"default\":{given}" : "";
        var parts = text.Split('=')[0].Split(':');
        return $"{{\"name\":\"{parts[0]}\",\"type\":\"{parts[1]}\"{value}{alias}}}";
    }
}
