using System.Collections.Immutable;
using Shop.Contracts;
using Statecast.Contracts;

namespace Shop.Upgrade;

/// <summary>The order contract's second major. A total has a currency now, and the tracking code is the parcel's number: neither can be read as the first major.</summary>
[StateContract("shop.order", Version = 2)]
public sealed partial record OrderStateV2(
    [StateKey] Guid OrderId,
    Guid CustomerId,
    OrderStatus Status,
    DateTimeOffset PlacedAt,
    DateTimeOffset? PaidAt,
    string? ParcelNumber,
    string? Note,
    ShippingAddress ShipTo,
    ImmutableArray<OrderItem> Items,
    Money Total
)
{
    /// <summary>The currency of all orders so far.</summary>
    public const string OnlyCurrency = "EUR";

    /// <summary>What an order of the first major says, in this one: for targets that are built with it before their source is.</summary>
    public static OrderStateV2 Upcast(OrderState old) =>
        new(
            old.OrderId,
            old.CustomerId,
            old.Status,
            old.PlacedAt,
            old.PaidAt,
            old.TrackingCode,
            old.Note,
            old.ShipTo,
            old.Items,
            new(old.Total, OnlyCurrency)
        );
}

/// <summary>An amount in a currency.</summary>
public sealed record Money([Decimal(12, 2)] decimal Amount, string Currency);
