using Shop.Contracts;
using Shop.Services;
using Statecast.Consuming;

namespace Shop.Payments;

/// <summary>Books a payment for a paid order, and its return once the order is cancelled. At least once: the order's id is the idempotency key.</summary>
internal sealed class TakePayment(Ledger ledger, HandledStates handled) : IStateHandler<OrderState>
{
    public async Task HandleAsync(StateChange<OrderState> change, CancellationToken ct)
    {
        await ActAsync(change, ct);
        await handled.NoteAsync(change.Key, change.Revision, ct);
    }

    private Task ActAsync(StateChange<OrderState> change, CancellationToken ct) =>
        change switch
        {
            // Paid and cancelled in one step: states in between may be coalesced, so the newest state says all that must be known.
            { Current: { Status: OrderStatus.Cancelled, PaidAt: not null } order } => ledger.ReturnAsync(order.OrderId, order.Total, ct),
            { Current: { PaidAt: not null } order } => ledger.TakeAsync(order.OrderId, order.Total, ct),
            _ => Task.CompletedTask,
        };
}
