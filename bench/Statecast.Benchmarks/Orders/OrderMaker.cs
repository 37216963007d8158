using System.Buffers.Binary;

namespace Statecast.Benchmarks.Orders;

/// <summary>Makes orders from numbers: the same number gives the same order. Text is plain ASCII and amounts end in a digit above 0, so that every JSON writer gives the same bytes.</summary>
internal static class OrderMaker
{
    private static readonly DateTime Start = new(2026, 3, 14, 9, 26, 53, 589, DateTimeKind.Utc);

    private static readonly string[] Products =
    [
        "Stainless steel water bottle 750 ml",
        "Merino wool hiking socks, size M",
        "USB-C charging cable, braided, 2 m",
        "Notebook A5 dotted, hard cover",
        "Espresso beans, dark roast, 1 kg",
        "LED desk lamp with dimmer",
        "Ergonomic keyboard, ISO layout",
        "Trail running shoes, size 42",
    ];

    public static Order Make(int number, int lines)
    {
        var order = new Order
        {
            Id = IdOf(number),
            Number = $"SO-2026-{number:D8}",
            Status = (OrderStatus)(number % 3),
            CustomerName = "Wilhelmina Angstrom-Baker",
            CustomerEmail = $"w.angstrom.{number}@example.org",
            Street = "221B Baker Street, Marylebone",
            Line2 = number % 2 == 0 ? "Second floor" : null,
            City = "London",
            PostalCode = "NW1 6XE",
            Country = "GB",
            Currency = "EUR",
            PlacedAt = Start.AddSeconds(number % 100_000),
            UpdatedAt = Start.AddSeconds(number % 100_000 + 7),
        };
        for (var i = 0; i < lines; i++)
            order.Lines.Add(MakeLine(number, i));
        order.Total = Math.Floor(order.Lines.Sum(l => l.LineTotal)) + 0.37m;
        return order;
    }

    /// <summary>Random-looking, so that keys are spread as real ones are; its last bytes hold the number.</summary>
    public static Guid IdOf(int number)
    {
        Span<byte> bytes = stackalloc byte[16];
        var mixed = (ulong)number * 0x9E3779B97F4A7C15UL;
        mixed = (mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9UL;
        BinaryPrimitives.WriteUInt64BigEndian(bytes, mixed ^ (mixed >> 32));
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], number);
        return new(bytes, bigEndian: true);
    }

    /// <summary>The number that <see cref="IdOf"/> was given.</summary>
    public static int NumberOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt32BigEndian(bytes[12..]);
    }

    private static OrderLine MakeLine(int order, int line)
    {
        var quantity = 1 + 2 * ((order + line) % 4);
        var price = 9.91m + (order * 37 + line * 113) % 50_000;
        var discount = line % 3 == 0 ? 1.02m : 0.04m;
        return new()
        {
            LineNumber = line + 1,
            Sku = $"SKU-{(order * 31 + line * 977) & 0xFFFFF:X5}-{line:D2}",
            ProductName = Products[(order + line) % Products.Length],
            Quantity = quantity,
            UnitPrice = price,
            Discount = discount,
            LineTotal = price * quantity - discount,
            AddedAt = Start.AddMilliseconds((order + line) * 250L % 86_400_000),
        };
    }
}
