using Shop.Notifications;
using Shop.Orders;
using Shop.Payments;
using Shop.Services;
using Shop.Shipping;
using Shop.Upgrade;

namespace Shop.Running;

/// <summary>The shop's services.</summary>
internal enum Role
{
    Orders,
    Shipping,
    Payments,
    Notifications,
}

/// <summary>Starts a service's host in this process.</summary>
internal static class RoleHost
{
    /// <summary>The service's name, as its events and files carry it.</summary>
    public static string NameOf(Role role) => role.ToString().ToLowerInvariant();

    public static async Task<WebApplication> StartAsync(Role role, Generation generation, ServiceContext context, CancellationToken ct)
    {
        var app = generation == Generation.First ? Build(role, context) : BuildUpgraded(role, generation, context);
        try
        {
            if (role == Role.Orders)
                await OrdersService.MigrateAsync(app.Services, ct);
            await app.StartAsync(ct);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static WebApplication Build(Role role, ServiceContext context) =>
        role switch
        {
            Role.Orders => OrdersService.Build(context),
            Role.Shipping => ShippingService.Build(context),
            Role.Payments => PaymentsService.Build(context),
            Role.Notifications => NotificationsService.Build(context),
            _ => throw new ArgumentOutOfRangeException(nameof(role), role, "There is no such service."),
        };

    private static WebApplication BuildUpgraded(Role role, Generation generation, ServiceContext context) =>
        role switch
        {
            Role.Orders => OrdersService.Build(context, db => OrdersUpgraded.Publish(db, generation)),
            Role.Shipping => UpgradedTargets.BuildShipping(context, generation),
            Role.Payments => UpgradedTargets.BuildPayments(context, generation),
            Role.Notifications => UpgradedTargets.BuildNotifications(context, generation),
            _ => throw new ArgumentOutOfRangeException(nameof(role), role, "There is no such service."),
        };
}
