using Shop.Contracts;
using Shop.Payments;
using Shop.Services;
using Statecast.Consuming;

namespace Shop.Upgrade;

/// <summary>Payments' handler, built with the second major.</summary>
internal sealed class TakePaymentV2(Ledger ledger, HandledStates handled) : IStateHandler<OrderStateV2>
{
    public async Task HandleAsync(StateChange<OrderStateV2> change, CancellationToken ct)
    {
        await ActAsync(change, ct);
        await handled.NoteAsync(change.Key, change.Revision, ct);
    }

    private Task ActAsync(StateChange<OrderStateV2> change, CancellationToken ct) =>
        change switch
        {
            { Current: { Status: OrderStatus.Cancelled, PaidAt: not null } order } => ledger.ReturnAsync(
                order.OrderId,
                order.Total.Amount,
                ct
            ),
            { Current: { PaidAt: not null } order } => ledger.TakeAsync(order.OrderId, order.Total.Amount, ct),
            _ => Task.CompletedTask,
        };
}
