using Shop.Running;

namespace Shop.Upgrade;

/// <summary>What moving one service to another generation showed.</summary>
/// <param name="Role">The service.</param>
/// <param name="To">The generation that it runs in since.</param>
/// <param name="Requests">Requests of customers that were answered from its stop until it followed again: the move fell into running traffic.</param>
/// <param name="Elapsed">How long that took.</param>
internal sealed record ServiceMove(Role Role, Generation To, long Requests, TimeSpan Elapsed)
{
    public override string ToString() =>
        $"{RoleHost.NameOf(Role)} → {Generations.NameOf(To)}: {Elapsed.TotalSeconds:0.0} s, {Requests:N0} requests meanwhile";
}
