using System.Buffers.Text;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Codecs;

/// <summary>
/// The limit: one straight line of code for one type, from a body that is taken to be right: a length that lies ends in the runtime's own exception,
/// and amounts are known to fit 64 bits.
/// </summary>
internal static class HandwrittenAvroReader
{
    public static OrderState Read(ReadOnlySpan<byte> body)
    {
        var at = 0;
        var id = Uuid(body, ref at);
        var number = Text(body, ref at);
        var status = (OrderStatus)Long(body, ref at);
        var customerName = Text(body, ref at);
        var customerEmail = Text(body, ref at);
        var address = new AddressState(
            Text(body, ref at),
            body[at++] == 0 ? null : Text(body, ref at),
            Text(body, ref at),
            Text(body, ref at),
            Text(body, ref at)
        );
        var currency = Text(body, ref at);
        var total = Amount(body, ref at);
        var placedAt = Instant(body, ref at);
        var updatedAt = Instant(body, ref at);
        var lines = new OrderLineState[(int)Long(body, ref at)];
        for (var i = 0; i < lines.Length; i++)
            lines[i] = Line(body, ref at);
        if (lines.Length > 0 && Long(body, ref at) != 0)
            throw new InvalidOperationException("Only a list in one block is read here.");
        return new(
            id,
            number,
            status,
            customerName,
            customerEmail,
            address,
            currency,
            total,
            placedAt,
            updatedAt,
            ImmutableCollectionsMarshal.AsImmutableArray(lines)
        );
    }

    private static OrderLineState Line(ReadOnlySpan<byte> body, ref int at) =>
        new(
            (int)Long(body, ref at),
            Text(body, ref at),
            Text(body, ref at),
            (int)Long(body, ref at),
            Amount(body, ref at),
            Amount(body, ref at),
            Amount(body, ref at),
            Instant(body, ref at)
        );

    private static DateTime Instant(ReadOnlySpan<byte> body, ref int at) =>
        new(DateTime.UnixEpoch.Ticks + Long(body, ref at) * TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc);

    private static string Text(ReadOnlySpan<byte> body, ref int at)
    {
        var length = (int)Long(body, ref at);
        var text = Encoding.UTF8.GetString(body.Slice(at, length));
        at += length;
        return text;
    }

    private static Guid Uuid(ReadOnlySpan<byte> body, ref int at)
    {
        Utf8Parser.TryParse(body.Slice(at + 1, 36), out Guid id, out _);
        at += 37;
        return id;
    }

    private static decimal Amount(ReadOnlySpan<byte> body, ref int at)
    {
        var length = body[at++] >> 1;
        var digits = (long)(sbyte)body[at++];
        for (; length > 1; length--)
            digits = digits << 8 | body[at++];
        var size = (ulong)Math.Abs(digits);
        return new((int)size, (int)(size >> 32), 0, digits < 0, 2);
    }

    private static long Long(ReadOnlySpan<byte> body, ref int at)
    {
        ulong value = body[at++];
        if (value >= 0x80)
        {
            value &= 0x7F;
            for (var shift = 7; ; shift += 7)
            {
                ulong next = body[at++];
                value |= (next & 0x7F) << shift;
                if (next < 0x80)
                    break;
            }
        }
        return (long)(value >> 1) ^ -(long)(value & 1);
    }
}
