using Microsoft.EntityFrameworkCore;
using Statecast.EntityFrameworkCore;

namespace Shop.Orders;

/// <summary>The orders service's database: an ordinary model, with one more line for Statecast at the end.</summary>
public sealed class OrdersDb(DbContextOptions<OrdersDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    public DbSet<OrderLine> OrderLines => Set<OrderLine>();

    public DbSet<Customer> Customers => Set<Customer>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<Order>(order =>
        {
            order.Property(o => o.Id).ValueGeneratedNever();
            order.OwnsOne(o => o.ShipTo);
            order.Navigation(o => o.ShipTo).IsRequired();
            order.HasMany(o => o.Lines).WithOne().HasForeignKey(line => line.OrderId);
            // No navigation and no cascade: an order names its customer, and a customer with orders stays.
            order.HasOne<Customer>().WithMany().HasForeignKey(o => o.CustomerId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<OrderLine>().HasIndex(line => new { line.OrderId, line.Number });
        model.Entity<Customer>().Property(c => c.Id).ValueGeneratedNever();
        model.AddStatecast();
    }
}
