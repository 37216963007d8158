using Shop.Contracts;
using Shop.Services;
using Statecast.Consuming;
using Statecast.Replicas;

namespace Shop.Notifications;

/// <summary>Writes one mail per order and cause. At least once: order and cause are the idempotency key. Silent about all that happened before this service was there.</summary>
internal sealed class SendNotification(Mailbox mailbox, IReplica<Guid, CustomerState> customers, HandledStates handled)
    : IStateHandler<OrderState>
{
    public async Task HandleAsync(StateChange<OrderState> change, CancellationToken ct)
    {
        await ActAsync(change, ct);
        await handled.NoteAsync(change.Key, change.Revision, ct);
    }

    private async Task ActAsync(StateChange<OrderState> change, CancellationToken ct)
    {
        if (change.Current is not { } order)
            return;
        // The two contracts arrive independently: a customer who is not here yet will be, and the handler is tried again.
        var customer =
            await customers.GetAsync(order.CustomerId, ct: ct)
            ?? throw new InvalidOperationException($"The customer {order.CustomerId} of order {order.OrderId} is not here yet.");
        if (!customer.WantsMail)
            return;
        foreach (var cause in change.Causes)
            await mailbox.SendAsync(order.OrderId, cause, customer.Email, ct);
    }
}
