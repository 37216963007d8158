using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Statecast.Serialization.Avro.Reading;

/// <summary>What generated readers call for each scalar value of the value domain that Avro has no type of its own for.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class AvroScalarReader
{
    private const long MinMicros = -62_135_596_800_000_000;
    private const long MaxMicros = 253_402_300_799_999_999;

    /// <summary>A finite number.</summary>
    public static float Finite(ref AvroReader reader, float value) =>
        float.IsFinite(value) ? value : throw reader.Fail("a finite number is expected before here");

    /// <summary>A finite number.</summary>
    public static double Finite(ref AvroReader reader, double value) =>
        double.IsFinite(value) ? value : throw reader.Fail("a finite number is expected before here");

    /// <summary>Bytes of one's own.</summary>
    public static ImmutableArray<byte> ReadBytes(ref AvroReader reader) => [.. reader.ReadBytes()];

    /// <summary>A decimal within its precision; it comes back with exactly its scale.</summary>
    public static decimal ReadDecimal(ref AvroReader reader, int precision, int scale)
    {
        var start = reader.Position;
        return (
            reader.TryReadNarrow(out var narrow)
                ? ExactDecimal.TryMake(narrow, precision, scale, out var value)
                : ExactDecimal.TryMake(Unscaled(ref reader, start, reader.ReadBytes()), precision, scale, out value)
        )
            ? value
            : throw DoesNotFit(ref reader, start, precision, scale);
    }

    /// <summary>An unsigned 64-bit integer, written as a decimal.</summary>
    public static ulong ReadUInt64(ref AvroReader reader)
    {
        var start = reader.Position;
        var value = Unscaled(ref reader, start, reader.ReadBytes());
        return value >= 0 && value <= ulong.MaxValue
            ? (ulong)value
            : throw reader.FailAt(start, "the number is no unsigned 64-bit integer");
    }

    /// <summary>A Guid as text.</summary>
    public static Guid ReadGuid(ref AvroReader reader)
    {
        var start = reader.Position;
        var text = reader.ReadBytes();
        return text.Length == 36 && Utf8Parser.TryParse(text, out Guid value, out var used) && used == 36
            ? value
            : throw reader.FailAt(start, "a Guid with hyphens is expected");
    }

    /// <summary>An instant in microseconds since 1970.</summary>
    public static DateTime ReadDateTime(ref AvroReader reader) =>
        new(DateTime.UnixEpoch.Ticks + reader.ReadLong(MinMicros, MaxMicros) * TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc);

    /// <summary>An instant in microseconds since 1970.</summary>
    public static DateTimeOffset ReadDateTimeOffset(ref AvroReader reader) => new(ReadDateTime(ref reader));

    /// <summary>A date in days since 1970.</summary>
    public static DateOnly ReadDateOnly(ref AvroReader reader) =>
        ValueDomain.Date(reader.ReadInteger(ValueDomain.Days(DateOnly.MinValue), ValueDomain.Days(DateOnly.MaxValue)));

    /// <summary>A time of day in microseconds.</summary>
    public static TimeOnly ReadTimeOnly(ref AvroReader reader) =>
        new(reader.ReadLong(0, TimeSpan.TicksPerDay / TimeSpan.TicksPerMicrosecond - 1) * TimeSpan.TicksPerMicrosecond);

    /// <summary>A duration in microseconds.</summary>
    public static TimeSpan ReadTimeSpan(ref AvroReader reader) =>
        new(
            reader.ReadLong(TimeSpan.MinValue.Ticks / TimeSpan.TicksPerMicrosecond, TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond)
                * TimeSpan.TicksPerMicrosecond
        );

    // Apart from the code that reads: the text's parts would be cleared at every call, for nothing.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static StateFormatException DoesNotFit(ref AvroReader reader, int start, int precision, int scale) =>
        reader.FailAt(start, $"the number does not fit a decimal of {precision} digits, {scale} after the point");

    // Two's complement, big-endian; longer than needed is allowed, as far as it says nothing.
    private static Int128 Unscaled(ref AvroReader reader, int start, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0)
            throw reader.FailAt(start, "a decimal has one byte at least");
        var sign = (sbyte)bytes[0] >> 7;
        while (bytes.Length > 16)
        {
            if ((sbyte)bytes[0] != sign)
                throw reader.FailAt(start, "the decimal has more than 128 bits");
            bytes = bytes[1..];
        }
        if (((sbyte)bytes[0] >> 7) != sign)
            throw reader.FailAt(start, "the decimal has more than 128 bits");
        Span<byte> wide = stackalloc byte[16];
        wide.Fill((byte)sign);
        bytes.CopyTo(wide[(16 - bytes.Length)..]);
        return BinaryPrimitives.ReadInt128BigEndian(wide);
    }
}
