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

    [Theory]
    [InlineData("a:int b:string", "a:int b:string", true)]
    [InlineData("a:int b:string c:bytes", "a:int b:string", true)]
    [InlineData("old:int b:string", "a:int<old b:string", true)]
    [InlineData("c:bytes a:int b:string", "a:int b:string", false)]
    [InlineData("b:string a:int", "a:int b:string", false)]
    [InlineData("a:int", "a:int b:string=\"\"", false)]
    [InlineData("a:int b:string", "a:long b:string", false)]
    [InlineData("a:string", "a:bytes", false)]
    public void Record_that_begins_with_the_readers_own_bytes_is_told_from_others(string writer, string reader, bool alike) =>
        Assert.Equal(alike, Resolve(Record(writer), Record(reader)).Plan!.BeginsAlike);

    [Theory]
    [InlineData("""["null","int"]""", """["null","int"]""", true)]
    [InlineData("""["int","null"]""", """["null","int"]""", false)]
    [InlineData("""["null","int","string"]""", """["null","int"]""", false)]
    [InlineData("\"int\"", """["null","int"]""", false)]
    [InlineData("""{"type":"enum","name":"E","symbols":["A","B"]}""", """{"type":"enum","name":"E","symbols":["A","B"]}""", true)]
    [InlineData("""{"type":"enum","name":"E","symbols":["B","A"]}""", """{"type":"enum","name":"E","symbols":["A","B"]}""", false)]
    [InlineData("""{"type":"enum","name":"E","symbols":["A"]}""", """{"type":"enum","name":"E","symbols":["A","B"]}""", false)]
    [InlineData("""{"type":"array","items":"int"}""", """{"type":"array","items":"int"}""", true)]
    [InlineData("""{"type":"array","items":"int"}""", """{"type":"array","items":"long"}""", false)]
    [InlineData("""{"type":"map","values":"float"}""", """{"type":"map","values":"double"}""", false)]
    public void Record_begins_alike_only_where_each_of_its_values_is(string writer, string reader, bool alike)
    {
        static string Holder(string name, string type) =>
            $$"""{"type":"record","name":"{{name}}","fields":[{"name":"v","type":{{type}}}]}""";
        static string Nested(string type) => Holder("R", $$"""{"type":"array","items":{{Holder("I", type)}} }""");
        Assert.Equal(alike, Resolve(Holder("R", writer), Holder("R", reader)).Plan!.BeginsAlike);
        Assert.Equal(alike, Resolve(Nested(writer), Nested(reader)).Plan!.BeginsAlike);
    }

    [Fact]
    public void Record_that_holds_more_than_the_readers_is_alike_itself_and_nothing_that_holds_it()
    {
        static string Nested(string more) =>
            $$$"""{"type":"record","name":"R","fields":[{"name":"i","type":{"type":"record","name":"I","fields":[{"name":"a","type":"int"}{{{more}}}]}},{"name":"b","type":"int"}]}""";
        var plan = Resolve(Nested(""",{"name":"c","type":"int"}"""), Nested("")).Plan!;
        Assert.False(plan.BeginsAlike);
        Assert.True(plan.Steps[0].Plan.BeginsAlike);
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
