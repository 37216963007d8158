using Microsoft.EntityFrameworkCore;
using Shop.Contracts;
using Shop.Services;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Sqlite;

namespace Shop.Orders;

/// <summary>The source: owns orders and customers, and publishes what their contracts name of them.</summary>
internal static class OrdersService
{
    public static WebApplication Build(ServiceContext context) => Build(context, Publish);

    public static WebApplication Build(ServiceContext context, Action<EfSourceBuilder<OrdersDb>> publish)
    {
        var builder = context.CreateBuilder("orders");
        builder.Services.AddDbContext<OrdersDb>(o => o.UseSqlite(context.ConnectionString("orders")));
        builder.Services.AddStatecast(
            "orders",
            s =>
                context
                    .Carry(s)
                    // When this process is killed its lease stays behind, and its successor sends once that has run out. Short here, where kills are the point.
                    .Configure(o =>
                    {
                        o.Relay.LeaseDuration = TimeSpan.FromSeconds(3);
                        o.Relay.DeliveryTimeout = TimeSpan.FromSeconds(2);
                    })
                    .FromDbContext(publish)
        );

        var app = builder.Build();
        app.MapOrders();
        app.MapCustomers();
        app.MapStatus();
        return app;
    }

    private static void Publish(EfSourceBuilder<OrdersDb> db)
    {
        db.Publish<Order, OrderState>(o => o.ToState());
        db.Publish<Customer, CustomerState>(c => c.ToState());
    }

    /// <summary>Brings the database up to date, as any EF Core application does: Statecast's tables come with a migration of the application's own.</summary>
    public static async Task MigrateAsync(IServiceProvider services, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<OrdersDb>().Database.MigrateAsync(ct);
    }
}
