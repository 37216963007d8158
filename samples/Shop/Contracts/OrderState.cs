using System.Collections.Immutable;
using Statecast.Contracts;

namespace Shop.Contracts;

/// <summary>What the orders service shares of an order: everything in it, so that no other service has to ask for the rest.</summary>
[StateContract("shop.order")]
public sealed partial record OrderState(
    [StateKey] Guid OrderId,
    Guid CustomerId,
    OrderStatus Status,
    DateTimeOffset PlacedAt,
    DateTimeOffset? PaidAt,
    string? TrackingCode,
    string? Note,
    ShippingAddress ShipTo,
    ImmutableArray<OrderItem> Items,
    [Decimal(12, 2)] decimal Total
);

/// <summary>One item of an order.</summary>
public sealed record OrderItem(int Number, string Sku, int Quantity, [Decimal(12, 2)] decimal Price);

/// <summary>Where an order goes.</summary>
public sealed record ShippingAddress(string Name, string Street, string City, string Country);

/// <summary>How far an order is.</summary>
public enum OrderStatus
{
    Placed = 1,
    Paid,
    Shipped,
    Cancelled,
}
