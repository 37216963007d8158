using Shop.Contracts;
using Shop.Services;
using Statecast.Consuming;

namespace Shop.Shipping;

/// <summary>Prepares a shipment for a paid order and gives it up if the order is cancelled. At least once: the order's id is the idempotency key.</summary>
internal sealed class PrepareShipment(Warehouse warehouse, HandledStates handled) : IStateHandler<OrderState>
{
    public async Task HandleAsync(StateChange<OrderState> change, CancellationToken ct)
    {
        await ActAsync(change, ct);
        await handled.NoteAsync(change.Key, change.Revision, ct);
    }

    private Task ActAsync(StateChange<OrderState> change, CancellationToken ct) =>
        change.Current switch
        {
            { Status: OrderStatus.Paid or OrderStatus.Shipped } order => warehouse.ReserveAsync(order.OrderId, order.Items, ct),
            { Status: OrderStatus.Cancelled } order => warehouse.ReleaseAsync(order.OrderId, ct),
            null => warehouse.ReleaseAsync(Guid.Parse(change.Key), ct),
            _ => Task.CompletedTask,
        };
}
