using System.Buffers;
using System.Reflection;
using Statecast.Contracts;
using Statecast.Fuzz.Corpus;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Json;
using Statecast.Tests.Serialization;

namespace Statecast.Fuzz;

/// <summary>A codec over a contract that holds every kind of value.</summary>
internal sealed class StateDecoder : IDecoder
{
    // An exception with its texts, and the path's second reading of the body.
    private const long Fixed = 32 * 1024;

    // The dearest byte of a body is one that makes an entry of a dictionary: its node, its key and its value.
    private const long EachByte = 512;

    private readonly IStateCodec _codec;
    private readonly Fingerprint _schema;

    private StateDecoder(string name, IStateCodec codec, Fingerprint schema, IReadOnlyList<byte[]> corpus)
    {
        Name = name;
        _codec = codec;
        _schema = schema;
        Corpus = corpus;
    }

    private static StateContract<EveryValue> Contract => StateContract.Of<EveryValue>();

    public string Name { get; }

    public IReadOnlyList<byte[]> Corpus { get; }

    public static StateDecoder Avro() =>
        new("avro", new AvroStateCodec(), Contract.SchemaFingerprint, [Body(), .. MalformedAvro.All(Body())]);

    /// <summary>By the plan of a writer's schema that has more fields than the contract knows, in another order.</summary>
    public static StateDecoder AvroOfAnotherSchema()
    {
        var schemas = new AvroSchemaSet();
        var schema = schemas.Add(AnotherSchema.Of(Contract.AvroSchema));
        byte[] body = [.. AnotherSchema.Before, .. Body(), .. AnotherSchema.After];
        return new("avro-resolved", new AvroStateCodec(schemas), schema, [body, .. MalformedAvro.All(body)]);
    }

    public static StateDecoder Json()
    {
        var body = new ArrayBufferWriter<byte>();
        new JsonStateCodec().Encode(Contract, new AvroStateCodec().Decode(Contract, Contract.SchemaFingerprint, Body()), body);
        return new("json", new JsonStateCodec(), default, [body.WrittenSpan.ToArray(), .. MalformedJson.All(body.WrittenSpan)]);
    }

    public long MaxAllocated(int inputBytes) => Fixed + EachByte * inputBytes;

    public Refusal? Decode(byte[] input)
    {
        try
        {
            _codec.Decode(Contract, _schema, input);
            return null;
        }
        catch (StateFormatException refused)
        {
            return new(refused.Path, refused.Offset, refused.Reason);
        }
    }

    /// <summary>The golden body, which another implementation wrote.</summary>
    private static byte[] Body()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("every-value.hex")!;
        return Convert.FromHexString(new StreamReader(stream).ReadToEnd().Trim());
    }
}

/// <summary>The parser of schemas, and what is made of a schema that it takes: printed, put in canonical form, resolved against a contract's.</summary>
internal sealed class SchemaDecoder : IDecoder
{
    private static readonly AvroSchema Reader = AvroSchema.Parse(StateContract.Of<EveryValue>().AvroSchema);

    public string Name => "schema";

    public IReadOnlyList<byte[]> Corpus { get; } = MalformedSchemas.All(StateContract.Of<EveryValue>().AvroSchema);

    // Each character can become a value with its list and its set of names.
    public long MaxAllocated(int inputBytes) => 64 * 1024 + 4_096L * inputBytes;

    public Refusal? Decode(byte[] input)
    {
        try
        {
            var schema = AvroSchema.Parse(System.Text.Encoding.UTF8.GetString(input));
            var printed = AvroSchema.Parse(schema.ToJson());
            if (printed.ToCanonicalForm() != schema.ToCanonicalForm() || AvroFingerprints.Rabin(printed) != AvroFingerprints.Rabin(schema))
                throw new InvalidOperationException("What is printed is another schema.");
            Serialization.Avro.Resolving.AvroResolution.Of(schema, Reader);
            return null;
        }
        catch (AvroSchemaException refused)
        {
            return new(refused.Path, refused.Offset, refused.Message);
        }
    }
}
