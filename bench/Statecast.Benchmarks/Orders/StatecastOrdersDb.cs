using Microsoft.EntityFrameworkCore;
using Statecast.EntityFrameworkCore;

namespace Statecast.Benchmarks.Orders;

/// <summary>The application's context with Statecast's tables.</summary>
internal sealed class StatecastOrdersDb(DbContextOptions<StatecastOrdersDb> options) : OrdersDb(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.AddStatecast();
    }
}
