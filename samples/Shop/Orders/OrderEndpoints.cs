using Microsoft.EntityFrameworkCore;
using Shop.Contracts;
using Statecast.EntityFrameworkCore;

namespace Shop.Orders;

/// <summary>The HTTP API of orders. Each command may come twice (a client that lost the answer sends it again) and then changes nothing.</summary>
internal static class OrderEndpoints
{
    public static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/orders").AddEndpointFilter(Refuse);
        orders.MapGet("/{id:guid}", Get);
        orders.MapPost("/", Place);
        orders.MapPut("/{id:guid}/lines", Change);
        orders.MapPut("/{id:guid}/lines/{number:int}/quantity", ChangeLine);
        orders.MapPost(
            "/{id:guid}/payment",
            (Guid id, OrdersDb db, TimeProvider clock, CancellationToken ct) =>
                Do(db, id, "OrderPaid", order => order.Pay(clock.GetUtcNow()), ct)
        );
        orders.MapPost(
            "/{id:guid}/shipment",
            (Guid id, ShipOrder command, OrdersDb db, CancellationToken ct) =>
                Do(db, id, "OrderShipped", order => order.Ship(command.TrackingCode), ct)
        );
        orders.MapPost(
            "/{id:guid}/cancellation",
            (Guid id, OrdersDb db, CancellationToken ct) => Do(db, id, "OrderCancelled", order => order.Cancel(), ct)
        );
        orders.MapDelete("/{id:guid}", Remove);
    }

    private static async Task<IResult> Get(Guid id, OrdersDb db, CancellationToken ct) =>
        await db.Orders.AsNoTracking().Include(o => o.Lines).SingleOrDefaultAsync(o => o.Id == id, ct) is { } order
            ? Results.Ok(order.ToState())
            : Results.NotFound();

    private static async Task<IResult> Place(PlaceOrder command, OrdersDb db, TimeProvider clock, CancellationToken ct)
    {
        if (await db.Orders.AnyAsync(o => o.Id == command.OrderId, ct))
            return Results.Ok(new Accepted(null));
        var order = new Order(command.OrderId, command.CustomerId, clock.GetUtcNow(), command.ShipTo) { Note = command.Note };
        order.Take(command.Lines);
        db.Add(order);
        return await Save(db, order.Id, "OrderCreated", ct);
    }

    private static async Task<IResult> Change(Guid id, ChangeOrder command, OrdersDb db, CancellationToken ct)
    {
        if (await db.Orders.Include(o => o.Lines).SingleOrDefaultAsync(o => o.Id == id, ct) is not { } order)
            return Results.NotFound();
        order.Take(command.Lines);
        return await Save(db, id, "OrderChanged", ct);
    }

    // Loads nothing but the line: the order that is published is complete all the same.
    private static async Task<IResult> ChangeLine(Guid id, int number, ChangeQuantity command, OrdersDb db, CancellationToken ct)
    {
        if (await db.OrderLines.SingleOrDefaultAsync(line => line.OrderId == id && line.Number == number, ct) is not { } line)
            return Results.NotFound();
        if (!await db.Orders.AnyAsync(o => o.Id == id && o.Status == OrderStatus.Placed, ct))
            throw new OrderException($"The order {id} is not {OrderStatus.Placed} any more: its lines cannot be changed.");
        if (!await db.Orders.AnyAsync(o => o.Id == id && o.Status == OrderStatus.Placed, ct))
            throw new OrderException($"The order {id} is not {OrderStatus.Placed} any more: its lines cannot be changed.");
        line.Quantity = command.Quantity;
        return await Save(db, id, "OrderChanged", ct);
    }

    private static async Task<IResult> Do(OrdersDb db, Guid id, string cause, Func<Order, bool> change, CancellationToken ct)
    {
        if (await db.Orders.SingleOrDefaultAsync(o => o.Id == id, ct) is not { } order)
            return Results.NotFound();
        return change(order) ? await Save(db, id, cause, ct) : Results.Ok(new Accepted(null));
    }

    private static async Task<IResult> Remove(Guid id, OrdersDb db, CancellationToken ct)
    {
        if (await db.Orders.SingleOrDefaultAsync(o => o.Id == id, ct) is not { } order)
            return Results.Ok(new Accepted(null));
        db.Remove(order);
        return await Save(db, id, "OrderRemoved", ct);
    }

    private static async Task<IResult> Save(OrdersDb db, Guid id, string cause, CancellationToken ct)
    {
        if (!db.ChangeTracker.HasChanges())
            return Results.Ok(new Accepted(null));
        db.SetCause(cause);
        await db.SaveChangesAsync(ct);
        return Results.Ok(new Accepted(db.StateToken<OrderState>(id).ToString()));
    }

    private static async ValueTask<object?> Refuse(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (OrderException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status409Conflict);
        }
    }
}
