using Shop.Contracts;
using Shop.Services;
using Statecast.Hosting;
using Statecast.Sqlite;

namespace Shop.Payments;

/// <summary>A target: takes the money of paid orders and gives it back when they are cancelled.</summary>
internal static class PaymentsService
{
    public static WebApplication Build(ServiceContext context)
    {
        var builder = context.CreateBuilder("payments");
        builder.Services.AddSingleton(new Ledger(context.ConnectionString("payments")));
        builder.Services.AddSingleton(new HandledStates(context.ConnectionString("payments")));
        builder.Services.AddSingleton<IEffects>(services => services.GetRequiredService<Ledger>());
        builder.Services.AddStatecast(
            "payments",
            s => context.Carry(s).Replica<OrderState>(r => r.InSqlite(context.File("payments")).On<TakePayment>())
        );

        var app = builder.Build();
        app.MapReplicatedOrders<OrderState>();
        app.MapStatus();
        return app;
    }
}
