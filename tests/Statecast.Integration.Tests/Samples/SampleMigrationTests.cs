using Microsoft.EntityFrameworkCore;
using Shop.Orders;
using Xunit;

namespace Statecast.Integration.Tests.Samples;

/// <summary>The shop's migrations are those of its model, Statecast's tables included: a table that changes breaks the first command of the README.</summary>
public sealed class SampleMigrationTests
{
    [Fact]
    public void Shops_migrations_make_what_its_model_has()
    {
        using var orders = new OrdersDb(new DbContextOptionsBuilder<OrdersDb>().UseSqlite("Data Source=:memory:").Options);
        Assert.False(orders.Database.HasPendingModelChanges());
    }
}
