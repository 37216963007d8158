using System.Collections.Immutable;
using Shop.Contracts;

namespace Shop.Orders;

/// <summary>An order as the orders service keeps it. It knows nothing of events; <see cref="ToState"/> alone says what others may see.</summary>
public sealed class Order
{
    private Order() { }

    public Order(Guid id, Guid customerId, DateTimeOffset placedAt, Address shipTo)
    {
        Id = id;
        CustomerId = customerId;
        PlacedAt = placedAt;
        ShipTo = shipTo;
    }

    public Guid Id { get; private set; }

    public Guid CustomerId { get; private set; }

    public OrderStatus Status { get; private set; } = OrderStatus.Placed;

    public DateTimeOffset PlacedAt { get; private set; }

    public DateTimeOffset? PaidAt { get; private set; }

    public string? TrackingCode { get; private set; }

    public string? Note { get; set; }

    public Address ShipTo { get; private set; } = null!;

    public List<OrderLine> Lines { get; private set; } = [];

    /// <summary>Replaces what is ordered: lines that stay are changed, the others go.</summary>
    public void Take(IReadOnlyList<NewLine> wanted)
    {
        Require(OrderStatus.Placed, "changed");
        Lines.RemoveAll(line => line.Number > wanted.Count);
        for (var i = 0; i < wanted.Count; i++)
            if (Lines.SingleOrDefault(line => line.Number == i + 1) is { } line)
                line.Take(wanted[i]);
            else
                Lines.Add(new(i + 1, wanted[i]));
    }

    /// <summary>Whether the order was not paid before.</summary>
    public bool Pay(DateTimeOffset now)
    {
        if (Status is OrderStatus.Paid or OrderStatus.Shipped)
            return false;
        Require(OrderStatus.Placed, "paid");
        Status = OrderStatus.Paid;
        PaidAt = now;
        return true;
    }

    /// <summary>Whether the order was not shipped before.</summary>
    public bool Ship(string trackingCode)
    {
        if (Status == OrderStatus.Shipped)
            return false;
        Require(OrderStatus.Paid, "shipped");
        Status = OrderStatus.Shipped;
        TrackingCode = trackingCode;
        return true;
    }

    /// <summary>Whether the order was not cancelled before.</summary>
    public bool Cancel()
    {
        if (Status == OrderStatus.Cancelled)
            return false;
        if (Status == OrderStatus.Shipped)
            throw new OrderException($"The order {Id} is {Status}: it cannot be cancelled any more.");
        Status = OrderStatus.Cancelled;
        return true;
    }

    /// <summary>What is shared of the order.</summary>
    public OrderState ToState() =>
        new(
            Id,
            CustomerId,
            Status,
            PlacedAt,
            PaidAt,
            TrackingCode,
            Note,
            new(ShipTo.Name, ShipTo.Street, ShipTo.City, ShipTo.Country),
            [.. Lines.OrderBy(line => line.Number).Select(line => line.ToState())],
            Lines.Sum(line => line.Quantity * line.Price)
        );

    private void Require(OrderStatus status, string change)
    {
        if (Status != status)
            throw new OrderException($"The order {Id} is {Status}: only a {status} one can be {change}.");
    }
}

/// <summary>One line of an order; part of it, and gone with it.</summary>
public sealed class OrderLine
{
    private OrderLine() { }

    public OrderLine(int number, NewLine line)
    {
        Number = number;
        Take(line);
    }

    public int Id { get; private set; }

    public Guid OrderId { get; private set; }

    public int Number { get; private set; }

    public string Sku { get; private set; } = "";

    public int Quantity { get; set; }

    public decimal Price { get; private set; }

    public void Take(NewLine line) => (Sku, Quantity, Price) = (line.Sku, line.Quantity, line.Price);

    public OrderItem ToState() => new(Number, Sku, Quantity, Price);
}

/// <summary>An address; belongs to its order and is stored in its row.</summary>
public sealed record Address(string Name, string Street, string City, string Country);

/// <summary>The order is not in a state in which this can be done.</summary>
public sealed class OrderException(string message) : Exception(message);
