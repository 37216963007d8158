using System.Buffers;
using Statecast.Contracts;
using Statecast.Fuzz.Corpus;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;
using Statecast.Tests.Serialization;

namespace Statecast.Fuzz;

/// <summary>One field of a body, as an index reads it: past whatever stands before it, which nobody has looked at.</summary>
internal sealed class FieldDecoder : IDecoder
{
    private static readonly StateContract<EveryValue> Contract = StateContract.Of<EveryValue>();

    // From the first to nearly the last, of every kind that is read in a way of its own.
    private static readonly Action<IStateCodec, Fingerprint, byte[]>[] Fields =
    [
        (codec, schema, body) => codec.TryReadField(Contract, EveryValue.Fields.Id, schema, body, out _),
        (codec, schema, body) => codec.TryReadField(Contract, EveryValue.Fields.UInt64, schema, body, out _),
        (codec, schema, body) => codec.TryReadField(Contract, EveryValue.Fields.Text, schema, body, out _),
        (codec, schema, body) => codec.TryReadField(Contract, EveryValue.Fields.At, schema, body, out _),
        (codec, schema, body) => codec.TryReadField(Contract, EveryValue.Fields.Day, schema, body, out _),
        (codec, schema, body) => codec.TryReadField(Contract, EveryValue.Fields.Color, schema, body, out _),
        (codec, schema, body) => codec.TryReadField(Contract, EveryValue.Fields.MaybeInt, schema, body, out _),
        (codec, schema, body) => codec.TryReadField(Contract, EveryValue.Fields.MaybeOwner, schema, body, out _),
        (codec, schema, body) => codec.TryReadField(Contract, EveryValue.Fields.MaybeText, schema, body, out _),
    ];

    private readonly IStateCodec _codec;
    private readonly Fingerprint _schema;

    private FieldDecoder(string name, IStateCodec codec, Fingerprint schema, IReadOnlyList<byte[]> corpus) =>
        (Name, _codec, _schema, Corpus) = (name, codec, schema, corpus);

    public string Name { get; }

    public IReadOnlyList<byte[]> Corpus { get; }

    /// <summary>Of another writer's schema, whose fields before it are hostile.</summary>
    public static FieldDecoder Avro(string name)
    {
        var schemas = new AvroSchemaSet();
        var schema = schemas.Add(AnotherSchema.Of(Contract.AvroSchema));
        var own = StateDecoder.Bodies()[0];
        byte[] body = [.. AnotherSchema.Before, .. own, .. AnotherSchema.After];
        return new(name, new AvroStateCodec(schemas), schema, [body, .. MalformedAvro.All(body), .. AnotherSchema.Deep(own)]);
    }

    public static FieldDecoder Json(string name)
    {
        var body = new ArrayBufferWriter<byte>();
        var state = new AvroStateCodec().Decode(Contract, Contract.SchemaFingerprint, StateDecoder.Bodies()[0]);
        new JsonStateCodec().Encode(Contract, state, body);
        return new(name, new JsonStateCodec(), default, [body.WrittenSpan.ToArray(), .. MalformedJson.All(body.WrittenSpan)]);
    }

    // As for whole states: where the field is not found, the whole is read.
    public long MaxAllocated(int inputBytes) => 32 * 1024 + 512L * inputBytes;

    public Refusal? Decode(byte[] input)
    {
        try
        {
            // Which one is the input's own, so that a find can be repeated by itself.
            var which = 0u;
            foreach (var one in input.AsSpan(0, Math.Min(input.Length, 4_096)))
                which = which * 31 + one;
            Fields[which % Fields.Length](_codec, _schema, input);
            return null;
        }
        catch (StateFormatException refused)
        {
            return StateDecoder.Expected(refused);
        }
    }
}
