using Shop.Contracts;
using Shop.Notifications;
using Shop.Payments;
using Shop.Services;
using Shop.Shipping;
using Statecast.Consuming;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Sqlite;

namespace Shop.Upgrade;

/// <summary>
/// The targets, built with the order contract's second major. Each keeps its file and its handler's name: what it had of the first major is taken over, work that its
/// handler had not finished too.
/// </summary>
internal static class UpgradedTargets
{
    private static readonly StateIndex<OrderStateV2, string> ByCountry = StateIndex.On(
        "country",
        (OrderStateV2 order) => order.ShipTo.Country
    );

    public static WebApplication BuildShipping(ServiceContext context, Generation generation)
    {
        var builder = Builder<Warehouse>("shipping", context, new(context.ConnectionString("shipping")));
        builder.Services.AddStatecast(
            "shipping",
            s =>
                context
                    .Carry(s)
                    .Replica<OrderStateV2>(r =>
                        Orders<PrepareShipmentV2>(r, context.File("shipping"), nameof(PrepareShipment), generation).Index(ByCountry)
                    )
        );
        return Build(builder);
    }

    public static WebApplication BuildPayments(ServiceContext context, Generation generation)
    {
        var builder = Builder<Ledger>("payments", context, new(context.ConnectionString("payments")));
        builder.Services.AddStatecast(
            "payments",
            s =>
                context
                    .Carry(s)
                    .Replica<OrderStateV2>(r => Orders<TakePaymentV2>(r, context.File("payments"), nameof(TakePayment), generation))
        );
        return Build(builder);
    }

    public static WebApplication BuildNotifications(ServiceContext context, Generation generation)
    {
        var builder = Builder<Mailbox>("notifications", context, new(context.ConnectionString("notifications")));
        builder.Services.AddStatecast(
            "notifications",
            s =>
                context
                    .Carry(s)
                    .Replica<CustomerState>(r => r.InSqlite(context.File("notifications")))
                    .Replica<OrderStateV2>(r =>
                        Orders<SendNotificationV2>(r, context.File("notifications"), nameof(SendNotification), generation)
                    )
        );
        return Build(builder);
    }

    private static ReplicaBuilder<OrderStateV2> Orders<THandler>(
        ReplicaBuilder<OrderStateV2> replica,
        string file,
        string handler,
        Generation generation
    )
        where THandler : class, IStateHandler<OrderStateV2>
    {
        replica.InSqlite(file).On<THandler>(handler);
        // The source does not write the second major yet, or this target does not trust it yet: what it reads is upcast.
        return generation == Generation.Between ? replica.FromMajor(1) : replica;
    }

    private static WebApplicationBuilder Builder<TEffects>(string service, ServiceContext context, TEffects effects)
        where TEffects : class, IEffects
    {
        var builder = context.CreateBuilder(service);
        builder.Services.AddSingleton(effects);
        builder.Services.AddSingleton<IEffects>(effects);
        builder.Services.AddSingleton(new HandledStates(context.ConnectionString(service)));
        return builder;
    }

    private static WebApplication Build(WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.MapReplicatedOrders<OrderStateV2>();
        app.MapStatus();
        return app;
    }
}
