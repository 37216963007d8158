using Avro;
using Avro.Generic;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Confluent.SchemaRegistry.Serdes;
using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Registry;
using Xunit;

namespace Statecast.Integration.Tests.Registry;

/// <summary>Confluent's .NET serializers and ours share one subject.</summary>
[Collection(RegistryCollection.Name)]
public sealed class ConfluentSerdesTests(RegistryFixture fixture)
{
    private static readonly StateContract<First.Parcel> Old = StateContract.Of<First.Parcel>();
    private static readonly StateContract<Second.Parcel> Next = StateContract.Of<Second.Parcel>();
    private static readonly SerializationContext Context = new(MessageComponentType.Value, Old.Destination, []);

    [Fact]
    public async Task Each_reads_what_the_other_wrote_on_a_real_registry() => await ShareAsync(await fixture.UrlAsync());

    [Fact]
    public async Task Each_reads_what_the_other_wrote_on_the_stand_in()
    {
        await using var server = StandInRegistry.Start();
        await ShareAsync(server.Url);
    }

    [Fact]
    public async Task Guid_in_the_header_is_read_as_Confluent_writes_it()
    {
        await using var server = StandInRegistry.Start();
        using var client = new CachedSchemaRegistryClient(new SchemaRegistryConfig { Url = server.Url });
        var config = new AvroSerializerConfig { SchemaIdStrategy = SchemaIdSerializerStrategy.Header };
        var context = new SerializationContext(MessageComponentType.Value, Old.Destination, []);
        var value = await new AvroSerializer<GenericRecord>(client, config).SerializeAsync(Parcel(Next, 7, "seven"), context);
        Assert.True(context.Headers.TryGetLastBytes(AvroFraming.HeaderName, out var header));
        await using var schemas = RegistrySchemas.Open(server.Url);
        var framed = await schemas.ReadAsync(value, header, default);
        Assert.Equal(value, framed.Body.ToArray());
        Assert.Equal(new First.Parcel(7, "seven"), new AvroStateCodec(schemas).Decode(Old, framed.Schema, framed.Body));
    }

    private static async Task ShareAsync(string url)
    {
        using var client = new CachedSchemaRegistryClient(new SchemaRegistryConfig { Url = url });
        await using var schemas = RegistrySchemas.Open(url, o => o.AutoRegister = true);
        var codec = new AvroStateCodec(schemas);
        var ours = AvroFraming.Frame(await schemas.PrepareAsync(Old, default), RegistrySchemas.Body(new First.Parcel(41, "forty-one")));

        // Ours, read by theirs.
        var read = await new AvroDeserializer<GenericRecord>(client).DeserializeAsync(ours, isNull: false, Context);
        Assert.Equal((41, "forty-one"), ((int)read["id"], (string)read["label"]));

        // Theirs, in the same schema: the same bytes.
        var same = await new AvroSerializer<GenericRecord>(client, new AvroSerializerConfig { AutoRegisterSchemas = false }).SerializeAsync(
            Parcel(Old, 41, "forty-one"),
            Context
        );
        Assert.Equal(ours, same);

        // Theirs, in the schema that comes next: read by the rules.
        var next = await new AvroSerializer<GenericRecord>(client).SerializeAsync(Parcel(Next, 42, "forty-two"), Context);
        Assert.NotEqual(ours[..AvroFraming.PrefixSize], next[..AvroFraming.PrefixSize]);
        var framed = await schemas.ReadAsync(next, default, default);
        Assert.Equal(new First.Parcel(42, "forty-two"), codec.Decode(Old, framed.Schema, framed.Body));

        // A source that is upgraded finds what theirs registered.
        await using var upgraded = RegistrySchemas.Open(url);
        Assert.Equal(next[..AvroFraming.PrefixSize], AvroFraming.Frame(await upgraded.PrepareAsync(Next, default), []));
    }

    private static GenericRecord Parcel(StateContract contract, int id, string label)
    {
        var record = new GenericRecord((RecordSchema)Avro.Schema.Parse(contract.AvroSchema));
        record.Add("id", id);
        record.Add("label", label);
        if (contract == Next)
            record.Add("note", null);
        return record;
    }
}
