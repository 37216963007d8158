using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Statecast.Serialization.Avro;

/// <summary>
/// Writes Avro's binary encoding (Avro 1.12, "Binary Encoding") into a caller's buffer. Knows no schema: the caller writes the values in its order.
/// Bytes are handed over by <see cref="Flush"/>.
/// </summary>
/// <param name="destination">Receives the bytes.</param>
public ref struct AvroWriter(IBufferWriter<byte> destination)
{
    private const int MaxVarint = 10;
    private const int MinSpan = 256;

    private static readonly UTF8Encoding Strict = new(false, true);

    private readonly IBufferWriter<byte> _destination = destination;
    private Span<byte> _span;
    private int _position;

    /// <summary>Hands over everything written so far.</summary>
    public void Flush()
    {
        if (_position > 0)
            _destination.Advance(_position);
        _span = default;
        _position = 0;
    }

    /// <summary>A <c>boolean</c>.</summary>
    public void WriteBoolean(bool value)
    {
        Reserve(1);
        _span[_position++] = value ? (byte)1 : (byte)0;
    }

    /// <summary>An <c>int</c> or the index of an enum's symbol.</summary>
    public void WriteInt(int value) => WriteLong(value);

    /// <summary>A <c>long</c>.</summary>
    public void WriteLong(long value)
    {
        Reserve(MaxVarint);
        PutLong(value);
    }

    /// <summary>A <c>float</c>.</summary>
    public void WriteFloat(float value)
    {
        Reserve(sizeof(float));
        BinaryPrimitives.WriteSingleLittleEndian(_span[_position..], value);
        _position += sizeof(float);
    }

    /// <summary>A <c>double</c>.</summary>
    public void WriteDouble(double value)
    {
        Reserve(sizeof(double));
        BinaryPrimitives.WriteDoubleLittleEndian(_span[_position..], value);
        _position += sizeof(double);
    }

    /// <summary>A <c>string</c>.</summary>
    /// <exception cref="EncoderFallbackException">The text is not valid Unicode.</exception>
    public void WriteString(string value)
    {
        // Up to 21 characters are at most 63 bytes: the length is one byte, known before the bytes are counted.
        if (value.Length <= 21)
        {
            Reserve(64);
            var length = Strict.GetBytes(value, _span[(_position + 1)..]);
            _span[_position] = (byte)(length << 1);
            _position += length + 1;
            return;
        }
        var count = Strict.GetByteCount(value);
        Reserve(checked(MaxVarint + count));
        PutLong(count);
        _position += Strict.GetBytes(value, _span[_position..]);
    }

    /// <summary><c>bytes</c>.</summary>
    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        Reserve(checked(MaxVarint + value.Length));
        PutLong(value.Length);
        value.CopyTo(_span[_position..]);
        _position += value.Length;
    }

    /// <summary>A <c>fixed</c>.</summary>
    public void WriteFixed(scoped ReadOnlySpan<byte> value)
    {
        Reserve(value.Length);
        value.CopyTo(_span[_position..]);
        _position += value.Length;
    }

    /// <summary>A <c>bytes</c> of logical type <c>decimal</c>: the unscaled digits, big-endian two's complement in the fewest bytes.</summary>
    public void WriteDecimal(Int128 unscaled)
    {
        Reserve(1 + 16);
        if (unscaled >= long.MinValue && unscaled <= long.MaxValue)
        {
            var value = (long)unscaled;
            var length = (65 - BitOperations.LeadingZeroCount((ulong)(value ^ (value >> 63))) + 7) >> 3;
            _span[_position] = (byte)(length << 1);
            BinaryPrimitives.WriteInt64BigEndian(_span[(_position + 1)..], value << (64 - 8 * length));
            _position += 1 + length;
            return;
        }
        var wide = (129 - (int)Int128.LeadingZeroCount(unscaled ^ (unscaled >> 127)) + 7) >> 3;
        _span[_position] = (byte)(wide << 1);
        BinaryPrimitives.WriteInt128BigEndian(_span[(_position + 1)..], unscaled << (128 - 8 * wide));
        _position += 1 + wide;
    }

    /// <summary>A <c>string</c> of logical type <c>uuid</c>.</summary>
    public void WriteUuid(Guid value)
    {
        Reserve(1 + 36);
        _span[_position] = 36 << 1;
        Utf8Formatter.TryFormat(value, _span[(_position + 1)..], out _);
        _position += 1 + 36;
    }

    /// <summary>Makes sure that this many bytes can be written without another look.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reserve(int bytes)
    {
        if (_span.Length - _position < bytes)
            Grow(bytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int bytes)
    {
        Flush();
        _span = _destination.GetSpan(Math.Max(bytes, MinSpan));
    }

    private void PutLong(long value)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        while (zigzag >= 0x80)
        {
            _span[_position++] = (byte)(zigzag | 0x80);
            zigzag >>= 7;
        }
        _span[_position++] = (byte)zigzag;
    }
}
