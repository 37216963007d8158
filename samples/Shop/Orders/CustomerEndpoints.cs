using Microsoft.EntityFrameworkCore;
using Shop.Contracts;
using Statecast.EntityFrameworkCore;

namespace Shop.Orders;

/// <summary>The HTTP API of customers.</summary>
internal static class CustomerEndpoints
{
    public static void MapCustomers(this IEndpointRouteBuilder app) => app.MapPut("/customers/{id:guid}", Change);

    private static async Task<IResult> Change(Guid id, ChangeCustomer command, OrdersDb db, CancellationToken ct)
    {
        if (await db.Customers.SingleOrDefaultAsync(c => c.Id == id, ct) is not { } customer)
            return Results.NotFound();
        (customer.Name, customer.Email, customer.WantsMail) = (command.Name, command.Email, command.WantsMail);
        if (!db.ChangeTracker.HasChanges())
            return Results.Ok(new Accepted(null));
        db.SetCause("CustomerChanged");
        await db.SaveChangesAsync(ct);
        return Results.Ok(new Accepted(db.StateToken<CustomerState>(id).ToString()));
    }
}
