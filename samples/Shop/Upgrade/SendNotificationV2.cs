using Shop.Contracts;
using Shop.Notifications;
using Shop.Services;
using Statecast.Consuming;
using Statecast.Replicas;

namespace Shop.Upgrade;

/// <summary>Notifications' handler, built with the second major.</summary>
internal sealed class SendNotificationV2(Mailbox mailbox, IReplica<Guid, CustomerState> customers, HandledStates handled)
    : IStateHandler<OrderStateV2>
{
    public async Task HandleAsync(StateChange<OrderStateV2> change, CancellationToken ct)
    {
        if (change.Current is { } order)
            await WriteAsync(order, change.Causes, ct);
        await handled.NoteAsync(change.Key, change.Revision, ct);
    }

    private async Task WriteAsync(OrderStateV2 order, IReadOnlyList<string> causes, CancellationToken ct)
    {
        var customer =
            await customers.GetAsync(order.CustomerId, ct: ct)
            ?? throw new InvalidOperationException($"The customer {order.CustomerId} of order {order.OrderId} is not here yet.");
        if (!customer.WantsMail)
            return;
        foreach (var cause in causes)
            await mailbox.SendAsync(order.OrderId, cause, customer.Email, ct);
    }
}
