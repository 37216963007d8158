using Shop.Contracts;

namespace Shop.Orders;

/// <summary>A customer as the orders service keeps it.</summary>
public sealed class Customer
{
    public required Guid Id { get; init; }

    public required string Name { get; set; }

    public required string Email { get; set; }

    public required bool WantsMail { get; set; }

    /// <summary>For the orders service alone: not part of the contract, so it never leaves this database.</summary>
    public string? InternalRemark { get; set; }

    public CustomerState ToState() => new(Id, Name, Email, WantsMail);
}
