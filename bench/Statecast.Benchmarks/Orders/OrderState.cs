using System.Collections.Immutable;
using Statecast.Contracts;

namespace Statecast.Benchmarks.Orders;

/// <summary>What all suites carry: an order of an ordinary shop, about 250 bytes of JSON a line.</summary>
[StateContract("bench.order")]
public sealed partial record OrderState(
    [StateKey] Guid OrderId,
    string Number,
    OrderStatus Status,
    string CustomerName,
    string CustomerEmail,
    AddressState ShipTo,
    string Currency,
    [Decimal(18, 2)] decimal Total,
    DateTime PlacedAt,
    DateTime UpdatedAt,
    ImmutableArray<OrderLineState> Lines
);

public sealed record AddressState(string Street, string? Line2, string City, string PostalCode, string Country);

public sealed record OrderLineState(
    int LineNumber,
    string Sku,
    string ProductName,
    int Quantity,
    [Decimal(18, 2)] decimal UnitPrice,
    [Decimal(18, 2)] decimal Discount,
    [Decimal(18, 2)] decimal LineTotal,
    DateTime AddedAt
);

public enum OrderStatus
{
    Placed,
    Paid,
    Shipped,
    Cancelled,
}
