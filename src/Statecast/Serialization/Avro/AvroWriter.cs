using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Statecast.Contracts;

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

    // Up to here a text's bytes, three for each character at most, have a length of two bytes.
    private const int OnePass = 2048;

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
        if (!TryWriteText(value))
            throw new EncoderFallbackException("The text holds a lone surrogate.");
    }

    /// <summary>A <c>string</c>, within the value domain.</summary>
    /// <exception cref="StateValueException">Null, or with a lone surrogate.</exception>
    public void WriteText(string? value, string path)
    {
        // One pass finds both: what is no valid Unicode is refused by the domain, in its words.
        if (value is null || !TryWriteText(value))
            WriteString(ValueDomain.Text(value, path));
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
        if (unscaled >= long.MinValue && unscaled <= long.MaxValue)
        {
            WriteNarrow((long)unscaled);
            return;
        }
        Reserve(1 + 16);
        var wide = (129 - (int)Int128.LeadingZeroCount(unscaled ^ (unscaled >> 127)) + 7) >> 3;
        _span[_position] = (byte)(wide << 1);
        BinaryPrimitives.WriteInt128BigEndian(_span[(_position + 1)..], unscaled << (128 - 8 * wide));
        _position += 1 + wide;
    }

    /// <summary>A <c>bytes</c> of logical type <c>decimal</c>, within the value domain.</summary>
    /// <exception cref="StateValueException">It does not fit the precision and scale.</exception>
    public void WriteDecimal(decimal value, int precision, int scale, string path)
    {
        if (ExactDecimal.TryUnscaleNarrow(value, precision, scale, out var narrow))
            WriteNarrow(narrow);
        else
            WriteDecimal(ValueDomain.Unscaled(value, precision, scale, path));
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

    private void WriteNarrow(long unscaled)
    {
        Reserve(1 + sizeof(long));
        var length = (65 - BitOperations.LeadingZeroCount((ulong)(unscaled ^ (unscaled >> 63))) + 7) >> 3;
        var span = _span.Slice(_position, 1 + sizeof(long));
        span[0] = (byte)(length << 1);
        BinaryPrimitives.WriteInt64BigEndian(span[1..], unscaled << (64 - 8 * length));
        _position += 1 + length;
    }

    private bool TryWriteText(string value)
    {
        if (value.Length > OnePass)
            return TryWriteLongText(value);
        // The length's own bytes come first, and are as many as if all characters were ASCII: else the text is moved on by one.
        Reserve(MaxVarint + 3 * value.Length);
        var span = _span[_position..];
        var room = value.Length < 64 ? 1 : 2;
        if (Utf8.FromUtf16(value, span[room..], out _, out var count, replaceInvalidSequences: false) != OperationStatus.Done)
            return false;
        if (count >= 64 && room == 1)
        {
            span.Slice(1, count).CopyTo(span[2..]);
            room = 2;
        }
        if (room == 1)
        {
            span[0] = (byte)(count << 1);
        }
        else
        {
            span[0] = (byte)((count << 1) | 0x80);
            span[1] = (byte)(count >> 6);
        }
        _position += room + count;
        return true;
    }

    private bool TryWriteLongText(string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        Reserve(checked(MaxVarint + count));
        PutLong(count);
        if (Utf8.FromUtf16(value, _span[_position..], out _, out var written, replaceInvalidSequences: false) != OperationStatus.Done)
            return false;
        _position += written;
        return true;
    }

    private void PutLong(long value)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        // Locals, so that no turn of the loop goes through memory.
        var span = _span[_position..];
        var at = 0;
        for (; zigzag >= 0x80; zigzag >>= 7)
            span[at++] = (byte)(zigzag | 0x80);
        span[at++] = (byte)zigzag;
        _position += at;
    }
}
