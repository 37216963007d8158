using Shop.Contracts;
using Shop.Orders;
using Statecast.EntityFrameworkCore.Publishing;

namespace Shop.Upgrade;

/// <summary>What the orders service publishes once it is built with the second major.</summary>
internal static class OrdersUpgraded
{
    /// <summary>Writes the second major; and the first beside it, with the same revisions, as long as a target reads that.</summary>
    public static void Publish(EfSourceBuilder<OrdersDb> db, Generation generation)
    {
        var orders = db.Publish<Order, OrderStateV2>(o => o.ToStateV2());
        if (generation == Generation.Between)
            orders.AlsoAs<OrderState>(o => o.ToState());
        db.Publish<Customer, CustomerState>(c => c.ToState());
    }

    /// <summary>What is shared of the order in the second major.</summary>
    public static OrderStateV2 ToStateV2(this Order order) =>
        new(
            order.Id,
            order.CustomerId,
            order.Status,
            order.PlacedAt,
            order.PaidAt,
            order.TrackingCode,
            order.Note,
            new(order.ShipTo.Name, order.ShipTo.Street, order.ShipTo.City, order.ShipTo.Country),
            [.. order.Lines.OrderBy(line => line.Number).Select(line => line.ToState())],
            new(order.Lines.Sum(line => line.Quantity * line.Price), OrderStateV2.OnlyCurrency)
        );
}
