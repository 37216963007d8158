using System.Buffers;
using System.Reflection;
using Statecast.Contracts;
using Statecast.Fuzz.Corpus;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Compatibility;
using Statecast.Serialization.Json;
using Statecast.Serialization.Json.Schema;
using Statecast.Tests.Serialization;

namespace Statecast.Fuzz;

/// <summary>A codec over a contract that holds every kind of value: of whole states, or of patches to one.</summary>
internal sealed class StateDecoder : IDecoder
{
    // An exception with its texts, and the path's second reading of the body.
    private const long Fixed = 32 * 1024;

    // The dearest byte of a body is one that makes an entry of a dictionary: its node, its key and its value.
    private const long EachByte = 512;

    private readonly IStateCodec _codec;
    private readonly Fingerprint _schema;
    private readonly EveryValue? _before;

    private StateDecoder(string name, IStateCodec codec, Fingerprint schema, IReadOnlyList<byte[]> corpus, EveryValue? before = null)
    {
        Name = name;
        _codec = codec;
        _schema = schema;
        _before = before;
        Corpus = corpus;
    }

    private static StateContract<EveryValue> Contract => StateContract.Of<EveryValue>();

    public string Name { get; }

    public IReadOnlyList<byte[]> Corpus { get; }

    public static StateDecoder Avro(string name) =>
        new(name, new AvroStateCodec(), Contract.SchemaFingerprint, [Body(), .. MalformedAvro.All(Body())]);

    /// <summary>By the plan of a writer's schema that has more fields than the contract knows, in another order.</summary>
    public static StateDecoder AvroOfAnotherSchema(string name)
    {
        var schemas = new AvroSchemaSet();
        var schema = schemas.Add(AnotherSchema.Of(Contract.AvroSchema));
        byte[] body = [.. AnotherSchema.Before, .. Body(), .. AnotherSchema.After];
        return new(name, new AvroStateCodec(schemas), schema, [body, .. MalformedAvro.All(body), .. AnotherSchema.Deep(Body())]);
    }

    public static StateDecoder Json(string name)
    {
        var body = new ArrayBufferWriter<byte>();
        new JsonStateCodec().Encode(Contract, new AvroStateCodec().Decode(Contract, Contract.SchemaFingerprint, Body()), body);
        return new(name, new JsonStateCodec(), default, [body.WrittenSpan.ToArray(), .. MalformedJson.All(body.WrittenSpan)]);
    }

    public static StateDecoder AvroPatches(string name)
    {
        var patches = Patches(new AvroStateCodec());
        return new(
            name,
            new AvroStateCodec(),
            Contract.SchemaFingerprint,
            [.. patches.Valid, .. MalformedAvro.All(patches.Valid[0]), .. Small(patches.ByField.Values.SelectMany(MalformedAvro.All))],
            patches.Before
        );
    }

    public static StateDecoder JsonPatches(string name)
    {
        var patches = Patches(new JsonStateCodec());
        return new(
            name,
            new JsonStateCodec(),
            Contract.SchemaFingerprint,
            [
                .. patches.Valid,
                .. MalformedJson.All(patches.Valid[0]),
                .. MalformedPatches.All,
                .. Small(patches.ByField.Values.SelectMany(patch => MalformedJson.All(patch))),
            ],
            patches.Before
        );
    }

    // The large ones are there once, of the patch that has all in it.
    private static IEnumerable<byte[]> Small(IEnumerable<byte[]> inputs) => inputs.Where(input => input.Length < 1_024);

    /// <summary>From a state with much in it, to others and to the golden ones.</summary>
    internal static PatchCorpus Patches(IStateCodec codec) =>
        new(codec, [.. Bodies().Select(b => new AvroStateCodec().Decode(Contract, Contract.SchemaFingerprint, b))]);

    public long MaxAllocated(int inputBytes) => Fixed + EachByte * inputBytes;

    public Refusal? Decode(byte[] input)
    {
        try
        {
            _ = _before is null ? _codec.Decode(Contract, _schema, input) : _codec.ApplyPatch(Contract, _before, _schema, input);
            return null;
        }
        catch (StateFormatException refused)
        {
            return Expected(refused);
        }
    }

    // The codecs make their one exception of whatever is thrown, since a contract's own constructor may refuse a value; here none does, so that only the
    // platform's own reader may stand behind it, which says of a text that is no Unicode that the operation is invalid.
    internal static Refusal Expected(StateFormatException refused) =>
        refused.InnerException is null or System.Text.Json.JsonException || IsOfReader(refused.InnerException)
            ? new(refused.Path, refused.Offset, refused.Reason)
            : throw refused.InnerException;

    private static bool IsOfReader(Exception defect) =>
        defect is InvalidOperationException && defect.Source?.StartsWith("System.Text.Json", StringComparison.Ordinal) == true;

    /// <summary>The golden bodies, which another implementation wrote.</summary>
    internal static IReadOnlyList<byte[]> Bodies()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("every-value.hex")!;
        return [.. new StreamReader(stream).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Convert.FromHexString)];
    }

    private static byte[] Body() => Bodies()[0];
}

/// <summary>The parser of our JSON Schemas, and the checker over what it takes.</summary>
internal sealed class JsonSchemaDecoder(string name) : IDecoder
{
    private static readonly JsonStateSchema Now = JsonStateSchema.Parse(StateContract.Of<EveryValue>().JsonSchema);

    public string Name => name;

    public IReadOnlyList<byte[]> Corpus { get; } = MalformedJsonSchemas.All(StateContract.Of<EveryValue>().JsonSchema);

    public long MaxAllocated(int inputBytes) => 256 * 1024 + 4_096L * inputBytes;

    public Refusal? Decode(byte[] input)
    {
        try
        {
            var schema = JsonStateSchema.Parse(System.Text.Encoding.UTF8.GetString(input));
            SchemaCompatibility.Check(CompatibilityMode.Full, Now, [schema]);
            SchemaCompatibility.Check(CompatibilityMode.Full, schema, [schema]);
            return null;
        }
        catch (JsonStateSchemaException refused)
        {
            return new(refused.Path, refused.Offset, refused.Message);
        }
    }
}

/// <summary>
/// The parser of schemas, and what is made of a schema that it takes: printed, put in canonical form, resolved against a contract's, and a body read as if it had
/// been written in it.
/// </summary>
internal sealed class SchemaDecoder(string name) : IDecoder
{
    private static readonly byte[] Body = StateDecoder.Bodies()[0];
    private static readonly AvroSchema Reader = AvroSchema.Parse(StateContract.Of<EveryValue>().AvroSchema);

    public string Name => name;

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
            Read(schema.ToJson());
            return null;
        }
        catch (AvroSchemaException refused)
        {
            return new(refused.Path, refused.Offset, refused.Message);
        }
    }

    private static void Read(string schema)
    {
        var schemas = new AvroSchemaSet();
        var print = schemas.Add(schema);
        try
        {
            new AvroStateCodec(schemas).Decode(StateContract.Of<EveryValue>(), print, Body);
        }
        catch (StateFormatException refused)
        {
            StateDecoder.Expected(refused);
        }
    }
}
