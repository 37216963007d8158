using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Text;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Codecs;

/// <summary>
/// The limit: one straight line of code for one type, into a span that is known to be large enough, so that nothing is checked or grown.
/// Amounts are known to have two digits after the point and to fit 64 bits.
/// </summary>
internal static class HandwrittenAvro
{
    private const long UnixEpochMicros = 62_135_596_800_000_000;

    /// <summary>A bound for the bytes of an order.</summary>
    public static int MaxBytes(OrderState order) => 2_048 + 1_024 * order.Lines.Length;

    /// <returns>The bytes written.</returns>
    public static int Write(OrderState order, Span<byte> destination)
    {
        var at = 0;
        Uuid(destination, ref at, order.OrderId);
        Text(destination, ref at, order.Number);
        Long(destination, ref at, (int)order.Status);
        Text(destination, ref at, order.CustomerName);
        Text(destination, ref at, order.CustomerEmail);
        Address(destination, ref at, order.ShipTo);
        Text(destination, ref at, order.Currency);
        Amount(destination, ref at, order.Total);
        Instant(destination, ref at, order.PlacedAt);
        Instant(destination, ref at, order.UpdatedAt);
        var lines = order.Lines.AsSpan();
        if (lines.Length > 0)
        {
            Long(destination, ref at, lines.Length);
            foreach (var line in lines)
                Line(destination, ref at, line);
        }
        destination[at++] = 0;
        return at;
    }

    private static void Line(Span<byte> destination, ref int at, OrderLineState line)
    {
        Long(destination, ref at, line.LineNumber);
        Text(destination, ref at, line.Sku);
        Text(destination, ref at, line.ProductName);
        Long(destination, ref at, line.Quantity);
        Amount(destination, ref at, line.UnitPrice);
        Amount(destination, ref at, line.Discount);
        Amount(destination, ref at, line.LineTotal);
        Instant(destination, ref at, line.AddedAt);
    }

    private static void Address(Span<byte> destination, ref int at, AddressState address)
    {
        Text(destination, ref at, address.Street);
        if (address.Line2 is null)
        {
            destination[at++] = 0;
        }
        else
        {
            destination[at++] = 2;
            Text(destination, ref at, address.Line2);
        }
        Text(destination, ref at, address.City);
        Text(destination, ref at, address.PostalCode);
        Text(destination, ref at, address.Country);
    }

    private static void Instant(Span<byte> destination, ref int at, DateTime value) =>
        Long(destination, ref at, value.Ticks / TimeSpan.TicksPerMicrosecond - UnixEpochMicros);

    private static void Text(Span<byte> destination, ref int at, string value)
    {
        // Up to 21 characters are at most 63 bytes: their length is one byte, written after them.
        if (value.Length <= 21)
        {
            var bytes = Encoding.UTF8.GetBytes(value, destination[(at + 1)..]);
            destination[at] = (byte)(bytes << 1);
            at += bytes + 1;
            return;
        }
        Long(destination, ref at, Encoding.UTF8.GetByteCount(value));
        at += Encoding.UTF8.GetBytes(value, destination[at..]);
    }

    private static void Uuid(Span<byte> destination, ref int at, Guid value)
    {
        destination[at] = 36 << 1;
        Utf8Formatter.TryFormat(value, destination[(at + 1)..], out _);
        at += 37;
    }

    private static void Amount(Span<byte> destination, ref int at, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var digits = ((long)bits[1] << 32) | (uint)bits[0];
        var unscaled = bits[3] < 0 ? -digits : digits;
        var length = (65 - BitOperations.LeadingZeroCount((ulong)(unscaled ^ (unscaled >> 63))) + 7) >> 3;
        destination[at] = (byte)(length << 1);
        BinaryPrimitives.WriteInt64BigEndian(destination[(at + 1)..], unscaled << (64 - length * 8));
        at += length + 1;
    }

    private static void Long(Span<byte> destination, ref int at, long value)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        while (zigzag >= 0x80)
        {
            destination[at++] = (byte)(zigzag | 0x80);
            zigzag >>= 7;
        }
        destination[at++] = (byte)zigzag;
    }
}
