using System.Collections.Immutable;

namespace Statecast.Benchmarks.Orders;

/// <summary>The source's own entity.</summary>
public sealed class Order
{
    public Guid Id { get; set; }
    public string Number { get; set; } = "";
    public OrderStatus Status { get; set; }
    public string CustomerName { get; set; } = "";
    public string CustomerEmail { get; set; } = "";
    public string Street { get; set; } = "";
    public string? Line2 { get; set; }
    public string City { get; set; } = "";
    public string PostalCode { get; set; } = "";
    public string Country { get; set; } = "";
    public string Currency { get; set; } = "";
    public decimal Total { get; set; }
    public DateTime PlacedAt { get; set; }
    public DateTime UpdatedAt { get; set; }
    public List<OrderLine> Lines { get; set; } = [];

    /// <summary>The map to the contract: Statecast's and the peers' alike.</summary>
    public OrderState ToState() =>
        new(
            Id,
            Number,
            Status,
            CustomerName,
            CustomerEmail,
            new(Street, Line2, City, PostalCode, Country),
            Currency,
            Total,
            PlacedAt,
            UpdatedAt,
            Lines
                .OrderBy(l => l.LineNumber)
                .Select(l => new OrderLineState(
                    l.LineNumber,
                    l.Sku,
                    l.ProductName,
                    l.Quantity,
                    l.UnitPrice,
                    l.Discount,
                    l.LineTotal,
                    l.AddedAt
                ))
                .ToImmutableArray()
        );
}

/// <summary>A dependent of <see cref="Order"/>.</summary>
public sealed class OrderLine
{
    public int Id { get; set; }
    public Guid OrderId { get; set; }
    public int LineNumber { get; set; }
    public string Sku { get; set; } = "";
    public string ProductName { get; set; } = "";
    public int Quantity { get; set; }
    public decimal UnitPrice { get; set; }
    public decimal Discount { get; set; }
    public decimal LineTotal { get; set; }
    public DateTime AddedAt { get; set; }
}
