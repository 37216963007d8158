using Shop.Contracts;
using Shop.Services;
using Statecast.Hosting;
using Statecast.Sqlite;

namespace Shop.Notifications;

/// <summary>A target of two contracts: writes to customers about their orders, and knows both without asking anyone.</summary>
internal static class NotificationsService
{
    public static WebApplication Build(ServiceContext context)
    {
        var builder = context.CreateBuilder("notifications");
        builder.Services.AddSingleton(new Mailbox(context.ConnectionString("notifications")));
        builder.Services.AddSingleton(new HandledStates(context.ConnectionString("notifications")));
        builder.Services.AddSingleton<IEffects>(services => services.GetRequiredService<Mailbox>());
        builder.Services.AddStatecast(
            "notifications",
            s =>
                context
                    .Carry(s)
                    .Replica<CustomerState>(r => r.InSqlite(context.File("notifications")))
                    .Replica<OrderState>(r => r.InSqlite(context.File("notifications")).On<SendNotification>())
        );

        var app = builder.Build();
        app.MapReplicatedOrders<OrderState>();
        app.MapStatus();
        return app;
    }
}
