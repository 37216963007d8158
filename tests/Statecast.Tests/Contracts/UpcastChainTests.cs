using System.Buffers;
using System.Text.Json.Nodes;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;
using Xunit;

namespace Statecast.Tests.Contracts;

[StateContract("tests.way")]
public sealed partial record WayV1([StateKey] int Id);

[StateContract("tests.way", Version = 2)]
public sealed partial record WayV2([StateKey] int Id, string By)
{
    public static WayV2 Upcast(WayV1 old) => new(old.Id, "2");
}

[StateContract("tests.way", Version = 3)]
public sealed partial record WayV3([StateKey] int Id, string By)
{
    public static WayV3 Upcast(WayV1 old) => new(old.Id, "3");
}

[StateContract("tests.way", Version = 4)]
public sealed partial record WayV4([StateKey] int Id, string By)
{
    public static WayV4 Upcast(WayV2 old) => new(old.Id, old.By + "4");

    public static WayV4 Upcast(WayV3 old) => new(old.Id, old.By + "4");
}

/// <summary>Which way a state of an older major takes where several lead to the newest.</summary>
public sealed class UpcastChainTests
{
    [Theory, InlineData(true), InlineData(false)]
    public void Object_takes_the_way_that_its_body_takes(bool avro)
    {
        var contract = StateContract.Of<WayV4>();
        var older = StateContract.Of<WayV1>();
        var chain = UpcastChain<WayV4>.Of(contract);
        IStateCodec codec = avro ? new AvroStateCodec() : new JsonStateCodec();
        var body = new ArrayBufferWriter<byte>();
        codec.Encode(older, new WayV1(7), body);
        var read = chain.Decode(1, codec, older.SchemaFingerprint, body.WrittenMemory);
        // Through the newest older record that has a way.
        Assert.Equal(new(7, "34"), read);
        Assert.Equal(read, chain.Upcast(new WayV1(7)));
        Assert.Equal(new(7, "x4"), chain.Upcast(new WayV2(7, "x")));
        Assert.Null(chain.Upcast("something else"));
    }

    [Theory, InlineData(1, "34"), InlineData(2, "x4"), InlineData(3, "x4")]
    public void Body_in_another_minor_of_an_older_major_is_resolved_and_then_upcast(int major, string by)
    {
        var chain = UpcastChain<WayV4>.Of(StateContract.Of<WayV4>());
        var schemas = new AvroSchemaSet();
        var schema = schemas.Add(AnotherMinor(chain.Require(major), hasBy: major > 1));
        var body = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(body);
        writer.WriteString("blue");
        if (major > 1)
            writer.WriteString("x");
        writer.WriteInt(7);
        writer.WriteInt(0);
        writer.Flush();
        Assert.Equal(new(7, by), chain.Decode(major, new AvroStateCodec(schemas), schema, body.WrittenMemory));
        // Read in the older record's own schema it would be another state, or none.
        var unknown = Assert.Throws<StateFormatException>(() => chain.Decode(major, new AvroStateCodec(), schema, body.WrittenMemory));
        Assert.Contains("not known here", unknown.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Minor_that_the_older_record_cannot_read_is_refused_by_its_name()
    {
        var chain = UpcastChain<WayV4>.Of(StateContract.Of<WayV4>());
        var schemas = new AvroSchemaSet();
        var schema = schemas.Add(AnotherMinor(chain.Require(2), hasBy: false));
        var refused = Assert.Throws<StateFormatException>(() => chain.Decode(2, new AvroStateCodec(schemas), schema, new byte[3]));
        Assert.Contains("cannot be read as tests.way 2", refused.Reason, StringComparison.Ordinal);
    }

    // Fields in another order, and two that the record does not know.
    private static string AnotherMinor(StateContract contract, bool hasBy)
    {
        var schema = JsonNode.Parse(contract.AvroSchema)!;
        schema["fields"] = JsonNode.Parse(
            $$"""[{"name":"Ink","type":"string"},{{(hasBy ? Field(schema, 1) + "," : "")}}{{Field(schema, 0)}},{"name":"Size","type":["null","long"]}]"""
        );
        return schema.ToJsonString();
    }

    private static string Field(JsonNode schema, int index) => schema["fields"]![index]!.ToJsonString();
}
