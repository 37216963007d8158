using System.Buffers;

namespace Statecast.Serialization.Avro;

/// <summary>Writes Avro's binary encoding (Avro 1.12, "Binary Encoding") into a caller's buffer.</summary>
public ref struct AvroWriter(IBufferWriter<byte> destination)
{
    private readonly IBufferWriter<byte> _destination = destination;
}
