using Statecast.Contracts;

namespace Shop.Contracts;

/// <summary>What the orders service shares of a customer: what others need to write to them.</summary>
[StateContract("shop.customer")]
public sealed partial record CustomerState([StateKey] Guid CustomerId, string Name, string Email, bool WantsMail);
