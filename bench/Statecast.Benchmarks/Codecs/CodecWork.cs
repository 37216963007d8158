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
        AvroBytes = byHand.Length;
    }

    public int JsonBytes => _json.Length;

    public int AvroBytes { get; }

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

    public Fingerprint Fingerprint() => ContentFingerprint.Of(_contract, _order);

    private static StateContract<TState> ContractOf<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;

    private byte[] Bytes(Func<int> write)
    {
        write();
        return _buffer.WrittenSpan.ToArray();
    }
}
