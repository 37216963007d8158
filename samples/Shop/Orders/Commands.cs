namespace Shop.Orders;

/// <summary>A line as ordered.</summary>
public sealed record NewLine(string Sku, int Quantity, decimal Price);

/// <summary>Places an order. The customer's device draws the id, so that a request sent twice makes one order.</summary>
public sealed record PlaceOrder(Guid OrderId, Guid CustomerId, Address ShipTo, string? Note, IReadOnlyList<NewLine> Lines);

/// <summary>Replaces an order's lines.</summary>
public sealed record ChangeOrder(IReadOnlyList<NewLine> Lines);

/// <summary>Changes the quantity of one line.</summary>
public sealed record ChangeQuantity(int Quantity);

/// <summary>Says that an order is on its way.</summary>
public sealed record ShipOrder(string TrackingCode);

/// <summary>Changes how a customer is written to.</summary>
public sealed record ChangeCustomer(string Name, string Email, bool WantsMail);

/// <summary>What a command answers: with the token a reader can wait for this very state, at whatever service.</summary>
/// <param name="Token">Null if the command changed nothing.</param>
public sealed record Accepted(string? Token);
