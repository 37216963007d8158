using Shop.Contracts;
using Shop.Services;
using Shop.Shipping;
using Statecast.Consuming;

namespace Shop.Upgrade;

/// <summary>Shipping's handler, built with the second major.</summary>
internal sealed class PrepareShipmentV2(Warehouse warehouse, HandledStates handled) : IStateHandler<OrderStateV2>
{
    public async Task HandleAsync(StateChange<OrderStateV2> change, CancellationToken ct)
    {
        await ActAsync(change, ct);
        await handled.NoteAsync(change.Key, change.Revision, ct);
    }

    private Task ActAsync(StateChange<OrderStateV2> change, CancellationToken ct) =>
        change.Current switch
        {
            { Status: OrderStatus.Paid or OrderStatus.Shipped } order => warehouse.ReserveAsync(order.OrderId, order.Items, ct),
            { Status: OrderStatus.Cancelled } order => warehouse.ReleaseAsync(order.OrderId, ct),
            null => warehouse.ReleaseAsync(Guid.Parse(change.Key), ct),
            _ => Task.CompletedTask,
        };
}
