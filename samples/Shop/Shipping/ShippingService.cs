using Shop.Contracts;
using Shop.Services;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Sqlite;

namespace Shop.Shipping;

/// <summary>A target: keeps every order in a file of its own, and prepares a shipment once an order is paid.</summary>
internal static class ShippingService
{
    public static readonly StateIndex<OrderState, string> ByCountry = StateIndex.On("country", (OrderState order) => order.ShipTo.Country);

    public static WebApplication Build(ServiceContext context)
    {
        var builder = context.CreateBuilder("shipping");
        builder.Services.AddSingleton(new Warehouse(context.ConnectionString("shipping")));
        builder.Services.AddSingleton(new HandledStates(context.ConnectionString("shipping")));
        builder.Services.AddSingleton<IEffects>(services => services.GetRequiredService<Warehouse>());
        builder.Services.AddStatecast(
            "shipping",
            s => context.Carry(s).Replica<OrderState>(r => r.InSqlite(context.File("shipping")).Index(ByCountry).On<PrepareShipment>())
        );

        var app = builder.Build();
        app.MapReplicatedOrders<OrderState>();
        app.MapGet(
            "/countries/{country}/orders",
            (string country, IReplica<Guid, OrderState> orders, CancellationToken ct) =>
                orders.QueryAsync(ByCountry, country, ct: ct).Select(order => order.Value)
        );
        app.MapStatus();
        return app;
    }
}
