using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Shop.Orders;

namespace Shop.Load;

/// <summary>Makes the past: an orders database from before Statecast was added, with orders in it.</summary>
internal static class History
{
    private const string LastMigrationBeforeStatecast = "InitialCreate";
    private const int BatchSize = 200;

    public static async Task WriteAsync(string connectionString, Workload workload, CancellationToken ct)
    {
        // A context built by hand, as the application built it then: nothing captures what it saves, and the tables of Statecast are not there yet.
        await using var db = new OrdersDb(new DbContextOptionsBuilder<OrdersDb>().UseSqlite(connectionString).Options);
        await db.GetService<IMigrator>().MigrateAsync(LastMigrationBeforeStatecast, ct);
        for (var i = 0; i < workload.CustomerCount; i++)
            db.Add(workload.HistoricCustomer(i));
        await SaveAsync(db, ct);
        for (var i = 0; i < workload.HistoryCount; i++)
        {
            db.Add(workload.HistoricOrder(i));
            if (i % BatchSize == BatchSize - 1)
                await SaveAsync(db, ct);
        }
        await SaveAsync(db, ct);
    }

    private static async Task SaveAsync(OrdersDb db, CancellationToken ct)
    {
        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
    }
}
