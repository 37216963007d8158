using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;
using Xunit;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>What a plan says: which field is which, where a mismatch is, and how types that hold themselves are followed. What is read of what, <see cref="AvroResolutionMatrixTests"/> has.</summary>
public sealed class AvroResolutionTests
{
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

    [Fact]
    public void Path_leads_through_records_arrays_and_maps()
    {
        static string Nested(string type) =>
            $$$$"""{"type":"record","name":"R","fields":[{"name":"lines","type":{"type":"array","items":{"type":"map","values":["null",{"type":"record","name":"L","fields":[{"name":"price","type":"{{{{type}}}}"}]}]}}}]}""";
        var mismatch = Assert.Single(Resolve(Nested("string"), Nested("double")).Mismatches);
        Assert.Equal("lines[]{}.price", mismatch.Path);
        Assert.NotEmpty(mismatch.Advice);
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
    public void Types_that_hold_each_other_fail_together()
    {
        static string Pair(string value) =>
            $$$"""
                {"type":"record","name":"R","fields":[
                {"name":"first","type":["null",{"type":"record","name":"A","fields":[
                {"name":"b","type":["null",{"type":"record","name":"B","fields":[{"name":"a","type":["null","A"]}]}]},{"name":"x","type":"{{{value}}}"}]}]},
                {"name":"second","type":["null","B"]}]}
                """;
        var resolution = Resolve(Pair("string"), Pair("int"));
        // B itself is read, but for the A in it: its plan must not be one that was begun for an A and given up.
        var second = resolution.Plan!.Steps[1].Plan.Branches![1]!;
        Assert.Null(second.Steps[0].Plan.Branches![1]);
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
