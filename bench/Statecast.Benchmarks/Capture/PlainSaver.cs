using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Capture;

/// <summary>The limit: EF Core's own save, with nothing captured.</summary>
internal sealed class PlainSaver : OrderSaver
{
    private readonly PooledDbContextFactory<OrdersDb> _contexts;

    public PlainSaver(string directory, string synchronous)
        : base(directory, "no outbox", synchronous)
    {
        _contexts = new(new DbContextOptionsBuilder<OrdersDb>().UseSqlite(ConnectionString).Options, poolSize: 4);
        CreateTables();
    }

    public override OrdersDb CreateContext() => _contexts.CreateDbContext();
}
