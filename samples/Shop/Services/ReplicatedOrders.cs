using Statecast.Events;
using Statecast.Replicas;

namespace Shop.Services;

/// <summary>Orders as a target knows them. Answered from its own replica, whether the orders service runs or not.</summary>
internal static class ReplicatedOrders
{
    public static void MapReplicatedOrders<TOrder>(this IEndpointRouteBuilder app)
        where TOrder : class
    {
        var orders = app.MapGroup("/orders").AddEndpointFilter(Explain);
        orders.MapGet("/{id:guid}", GetAsync<TOrder>);
    }

    private static async Task<IResult> GetAsync<TOrder>(Guid id, string? after, IReplica<Guid, TOrder> orders, CancellationToken ct)
        where TOrder : class =>
        await orders.GetAsync(id, atLeast: StateToken.ParseOrNone(after), ct: ct) is { } order ? Results.Ok(order) : Results.NotFound();

    private static async ValueTask<object?> Explain(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (ReplicaNotReadyException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        catch (StateParkedException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status409Conflict);
        }
        catch (ReplicaBehindException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status504GatewayTimeout);
        }
        catch (ArgumentException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
        }
    }
}
