using System.Buffers;
using System.Text.Json;
using Statecast.Benchmarks.Orders;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;

namespace Statecast.Benchmarks.Codecs;

/// <summary>Each way of turning an order of 10 lines into bytes and back, into kept buffers: what is allocated is the codec's own.</summary>
internal sealed class CodecWork
{
    private readonly OrderState _order = OrderMaker.Make(7, 10).ToState();
    private readonly StateContract<OrderState> _contract = ContractOf<OrderState>();
    private readonly JsonStateCodec _codec = new();
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly Utf8JsonWriter _jsonWriter;
    private readonly byte[] _json;
    private readonly byte[] _span;
    private readonly byte[] _avro;
    private readonly byte[] _anotherAvro;
    private readonly Fingerprint _anotherSchema;
    private readonly AvroStateCodec _avroCodec;

    /// <exception cref="InvalidOperationException">The ways do not give the same bytes.</exception>
    public CodecWork()
    {
        _jsonWriter = new(_buffer);
        _json = OrderJson.Serialize(_order);
        _span = new byte[HandwrittenAvro.MaxBytes(_order)];
        if (!Bytes(EncodeJson).AsSpan().SequenceEqual(_json))
            throw new InvalidOperationException("Statecast's JSON and System.Text.Json's differ: the comparison would not be fair.");
        var byHand = _span.AsSpan(0, WriteAvroByHand());
        if (!Bytes(WriteAvro).AsSpan().SequenceEqual(byHand))
            throw new InvalidOperationException("Statecast's Avro and the hand-written one's differ: the comparison would not be fair.");
        _avro = byHand.ToArray();
        var schemas = new AvroSchemaSet();
        _anotherSchema = schemas.Add(AnotherAvro.Schema);
        _anotherAvro = AnotherAvro.Body(_order);
        _avroCodec = new(schemas);
        foreach (var read in (OrderState[])[HandwrittenAvroReader.Read(_avro), DecodedAvro(), DecodedOtherAvro()])
            if (!Bytes(() => HandwrittenAvro.Write(read, _span), byHand: true).AsSpan().SequenceEqual(_avro))
                throw new InvalidOperationException("A reader of Avro does not give back the order.");
    }

    public int JsonBytes => _json.Length;

    public int AvroBytes => _avro.Length;

    public int EncodeJson()
    {
        _buffer.ResetWrittenCount();
        _codec.Encode(_contract, _order, _buffer);
        return _buffer.WrittenCount;
    }

    public int EncodeJsonBySystemText()
    {
        _buffer.ResetWrittenCount();
        _jsonWriter.Reset(_buffer);
        JsonSerializer.Serialize(_jsonWriter, _order, OrderJson.Default.OrderState);
        return _buffer.WrittenCount;
    }

    public int DecodeJson() => _codec.Decode(_contract, _contract.SchemaFingerprint, _json).Lines.Length;

    public int DecodeJsonBySystemText() => JsonSerializer.Deserialize(_json, OrderJson.Default.OrderState)!.Lines.Length;

    public int WriteAvro()
    {
        _buffer.ResetWrittenCount();
        var writer = new AvroWriter(_buffer);
        _contract.WriteAvro(ref writer, _order);
        writer.Flush();
        return _buffer.WrittenCount;
    }

    public int WriteAvroByHand() => HandwrittenAvro.Write(_order, _span);

    public int DecodeAvro() => DecodedAvro().Lines.Length;

    public int DecodeOtherAvro() => DecodedOtherAvro().Lines.Length;

    public int ReadAvroByHand() => HandwrittenAvroReader.Read(_avro).Lines.Length;

    /// <summary>The order in Avro, for peers.</summary>
    public byte[] Avro => _avro;

    public string AvroSchema => _contract.AvroSchema;

    public Fingerprint Fingerprint() => ContentFingerprint.Of(_contract, _order);

    private OrderState DecodedAvro() => _avroCodec.Decode(_contract, _contract.SchemaFingerprint, _avro);

    private OrderState DecodedOtherAvro() => _avroCodec.Decode(_contract, _anotherSchema, _anotherAvro);

    private static StateContract<TState> ContractOf<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;

    private byte[] Bytes(Func<int> write, bool byHand = false)
    {
        var count = write();
        return byHand ? _span[..count] : _buffer.WrittenSpan.ToArray();
    }
}
