using Avro.IO;
using Avro.Specific;
using bench.order;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Confluent.SchemaRegistry.Serdes;

namespace Statecast.Benchmarks.Codecs;

/// <summary>What users of .NET have for Avro, each in its fastest form: generated classes, kept readers and writers, a kept stream.</summary>
internal sealed class AvroPeers
{
    private readonly byte[] _body;
    private readonly OrderState _order;
    private readonly MemoryStream _stream = new(64 * 1024);
    private readonly BinaryEncoder _encoder;
    private readonly SpecificDatumWriter<OrderState> _writer;
    private readonly SpecificDatumReader<OrderState> _reader;
    private readonly AvroSerializer<OrderState> _serializer;
    private readonly AvroDeserializer<OrderState> _deserializer;
    private readonly SerializationContext _context = new(MessageComponentType.Value, "orders");
    private readonly byte[] _framed;

    /// <exception cref="InvalidOperationException">A peer writes other bytes.</exception>
    public AvroPeers(string json, byte[] body)
    {
        _body = body;
        var schema = Schemas.Use(json);
        _encoder = new(_stream);
        _writer = new(schema);
        _reader = new(schema, schema);
        _order = Read();
        var registry = new CachedSchemaRegistryClient(new SchemaRegistryConfig { Url = RegistryStub.Start(json) });
        _serializer = new(registry, new AvroSerializerConfig { BufferBytes = 4096 });
        _deserializer = new(registry);
        _framed = Framed();
        WriteSpecific();
        // The frame is a zero and four bytes of id.
        if (!_stream.ToArray().AsSpan().SequenceEqual(body) || !_framed.AsSpan(5).SequenceEqual(body))
            throw new InvalidOperationException("A peer writes other bytes: the comparison would not be fair.");
    }

    public int WriteSpecific()
    {
        _stream.SetLength(0);
        _writer.Write(_order, _encoder);
        return (int)_stream.Length;
    }

    public int ReadSpecific() => Read().Lines.Count;

    public int WriteConfluent() => Framed().Length;

    public int ReadConfluent() =>
        // Both come back at once: the registry's answers are kept.
        _deserializer.DeserializeAsync(_framed, false, _context).GetAwaiter().GetResult().Lines.Count;

    private OrderState Read() => _reader.Read(null!, new BinaryDecoder(new MemoryStream(_body)));

    private byte[] Framed() => _serializer.SerializeAsync(_order, _context).GetAwaiter().GetResult();
}
