using System.Buffers;
using System.Diagnostics;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Resolving;
using Statecast.Serialization.Avro.Schemas;
using Xunit;

namespace Statecast.Tests.Serialization.Avro;

/// <summary>A writer's schema comes from somebody else: none may cost more time, memory or stack than its size does.</summary>
public sealed class AvroHostileSchemaTests
{
    // Before each was mended it ran for hours, or ended the process.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public void Records_of_nothing_in_their_billions_are_passed_over_at_once()
    {
        var started = Stopwatch.GetTimestamp();
        Assert.Equal(
            [7L],
            Decode(Longs(Field("nothing", Tower(14, """{"type":"record","name":"R0","fields":[]}"""))), [2, 2, 14, 0]).Values
        );
        Assert.True(Stopwatch.GetElapsedTime(started) < Soon);
    }

    [Theory]
    [InlineData(1_000, true)]
    [InlineData(2_000, false)]
    [InlineData(1_000_000, false)]
    public void Items_of_no_bytes_are_objects_in_a_number_that_the_body_bears(int count, bool read)
    {
        var contract = StateContract.Of<DefaultsCell>();
        var schemas = new AvroSchemaSet();
        var writer = schemas.Add(
            """{"type":"record","name":"DefaultsCell","fields":[{"name":"id","type":"int"},{"name":"v","type":{"type":"array","items":{"type":"record","name":"Defaults","fields":[]}}}]}"""
        );
        var buffer = new ArrayBufferWriter<byte>();
        var body = new AvroWriter(buffer);
        body.WriteInt(1);
        body.WriteLong(count);
        body.WriteLong(0);
        body.Flush();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var codec = new AvroStateCodec(schemas);
        if (read)
            Assert.Equal(count, codec.Decode(contract, writer, buffer.WrittenMemory).V.Length);
        else
            Assert.Contains(
                "of no bytes",
                Assert.Throws<StateFormatException>(() => codec.Decode(contract, writer, buffer.WrittenMemory)).Reason
            );
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Record_that_holds_itself_at_once_has_no_value()
    {
        var writer = Longs(
            Field("endless", """{"type":"array","items":{"type":"record","name":"E","fields":[{"name":"self","type":"E"}]}}""")
        );
        Assert.Equal([7L], Decode(writer, [2, 0, 2, 14, 0]).Values);
        var refused = Assert.Throws<StateFormatException>(() => Decode(writer, [2, 2, 2, 14, 0]));
        Assert.Contains("nested deeper than 64", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Mismatch_at_more_places_than_can_be_told_is_told_once_for_each_pair_of_types()
    {
        var started = Stopwatch.GetTimestamp();
        var resolution = AvroResolution.Of(Flat("int"), Flat("string"));
        Assert.Null(resolution.Plan);
        Assert.Contains(resolution.Mismatches, m => m is { Path: "f0.x", Rule: AvroMismatchRule.Type });
        Assert.InRange(resolution.Mismatches.Count, 1, 100);
        Assert.True(Stopwatch.GetElapsedTime(started) < Soon);

        static AvroSchema Flat(string leaf)
        {
            var fields = new List<string> { Field("f0", $$"""{"type":"record","name":"R0","fields":[{"name":"x","type":"{{leaf}}"}]}""") };
            for (var i = 1; i < 60; i++)
                fields.Add(
                    Field(
                        $"f{i}",
                        $$"""{"type":"record","name":"R{{i}}","fields":[{{Field("a", $"\"R{i - 1}\"")}},{{Field("b", $"\"R{i - 1}\"")}}]}"""
                    )
                );
            return AvroSchema.Parse($$"""{"type":"record","name":"Flat","fields":[{{string.Join(',', fields)}}]}""");
        }
    }

    [Fact]
    public void Default_that_could_be_of_too_many_branches_is_refused()
    {
        var value = "\"never\"";
        for (var i = 0; i < 40; i++)
            value = $$"""{"n":{{value}}}""";
        var started = Stopwatch.GetTimestamp();
        var refused = Assert.Throws<AvroSchemaException>(() =>
            AvroSchema.Parse(
                $$$"""
                {"type":"record","name":"Root","fields":[
                  {"name":"a","type":{"type":"record","name":"A","fields":[{"name":"n","type":["int","A",
                    {"type":"record","name":"B","fields":[{"name":"n","type":["int","A","B"]}]}]}]}},
                  {"name":"d","type":"A","default":{{{value}}}}]}
                """
            )
        );
        Assert.StartsWith("$.fields[1].default", refused.Path, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(started) < Soon);
    }

    [Fact]
    public void Path_behind_a_million_items_takes_no_memory_for_them()
    {
        var writer = Longs(Field("nothing", """{"type":"array","items":"null"}"""));
        // 900,000 nulls, then an array of longs whose first one does not end.
        byte[] body = [2, .. Varint(900_000), 0, 2, 0x80];
        Assert.Throws<StateFormatException>(() => Decode(writer, body));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refused = Assert.Throws<StateFormatException>(() => Decode(writer, body));
        Assert.Equal("values[0]", refused.Path);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    [Fact]
    public void Types_nested_by_their_names_in_thousands_are_refused_and_end_no_process()
    {
        // Its JSON is nested four deep.
        var types = new List<string> { """{"type":"record","name":"R0","fields":[]}""" };
        for (var i = 1; i < 13_000; i++)
            types.Add($$"""{"type":"record","name":"R{{i}}","fields":[{{Field("a", $"\"R{i - 1}\"")}}]}""");
        types.Add(Longs(Field("deep", "\"R12999\"")));
        var writer = AvroSchema.Parse($"[{string.Join(',', types)}]");
        var reader = AvroSchema.Parse(StateContract.Of<Longs>().AvroSchema);
        AvroResolution? resolution = null;
        var thread = new Thread(() => resolution = AvroResolution.Of(writer, reader), maxStackSize: 512 * 1024);
        thread.Start();
        thread.Join();
        Assert.Null(resolution!.Plan);
        Assert.Contains("nested in each other too deeply", Assert.Single(resolution.Mismatches).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_of_no_bytes_take_no_step_however_many_an_item_has()
    {
        var nothing = string.Join(',', Enumerable.Range(0, 2_000).Select(n => Field($"n{n}", "\"null\"")));
        var writer = Longs(
            Field(
                "flags",
                $$$"""{"type":"array","items":{"type":"record","name":"F","fields":[{{{Field("b", "\"boolean\"")}}},{{{nothing}}}]}}"""
            )
        );
        var plan = AvroResolution.Of(AvroSchema.Parse(writer), AvroSchema.Parse(StateContract.Of<Longs>().AvroSchema)).Plan!;
        Assert.Single(plan.Steps.Single(s => s.Field < 0).Plan.Item.Steps);
        Assert.Equal([7L], Decode(writer, [2, 4, 1, 0, 0, 2, 14, 0]).Values);
        // Nor on the way to where it is malformed.
        byte[] body = [2, .. Varint(800_000), .. new byte[800_000], 0, 2, 0x80];
        var started = Stopwatch.GetTimestamp();
        Assert.Equal("values[0]", Assert.Throws<StateFormatException>(() => Decode(writer, body)).Path);
        Assert.True(Stopwatch.GetElapsedTime(started) < Soon);
    }

    [Fact]
    public void Schema_that_cannot_be_read_is_worked_out_once()
    {
        var asked = new Asked();
        var codec = new AvroStateCodec(asked);
        var first = Assert.Throws<StateFormatException>(() =>
            codec.Decode(StateContract.Of<Longs>(), new Fingerprint(1), new byte[] { 2 })
        );
        var again = Assert.Throws<StateFormatException>(() =>
            codec.Decode(StateContract.Of<Longs>(), new Fingerprint(1), new byte[] { 2 })
        );
        Assert.Contains("cannot be read as", first.Reason, StringComparison.Ordinal);
        Assert.Equal(first.Message, again.Message);
        Assert.Equal(1, asked.Times);
    }

    private sealed class Asked : IAvroSchemas
    {
        public int Times { get; private set; }

        public AvroSchema? Find(Fingerprint schema)
        {
            Times++;
            return AvroSchema.Parse("""{"type":"record","name":"Longs","fields":[{"name":"id","type":"string"}]}""");
        }
    }

    private static Longs Decode(string writer, byte[] body)
    {
        var schemas = new AvroSchemaSet();
        var fingerprint = schemas.Add(writer);
        return new AvroStateCodec(schemas).Decode(StateContract.Of<Longs>(), fingerprint, body);
    }

    private static string Longs(string added) =>
        $$$"""{"type":"record","name":"Longs","fields":[{"name":"id","type":"int"},{{{added}}},{"name":"values","type":{"type":"array","items":"long"}}]}""";

    private static string Field(string name, string type) => $$"""{"name":"{{name}}","type":{{type}}}""";

    private static string Tower(int levels, string type)
    {
        for (var i = 1; i <= levels; i++)
            type =
                $$"""{"type":"record","name":"R{{i}}","fields":[{{Field("a", type)}},{{string.Join(',', Enumerable.Range(0, 7).Select(n => Field($"b{n}", $"\"R{i - 1}\"")))}}]}""";
        return type;
    }

    private static byte[] Varint(long value)
    {
        var bytes = new List<byte>();
        for (var zigzag = (ulong)(value << 1); ; zigzag >>= 7)
        {
            bytes.Add((byte)(zigzag >= 0x80 ? zigzag | 0x80 : zigzag));
            if (zigzag < 0x80)
                return [.. bytes];
        }
    }
}
