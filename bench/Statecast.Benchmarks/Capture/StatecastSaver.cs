using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Statecast.Benchmarks.Orders;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.Sqlite;

namespace Statecast.Benchmarks.Capture;

/// <summary>Ours: an ordinary save, captured. The host is not started, so that nothing is relayed while saves are measured; the outbox grows as the peers' do.</summary>
internal sealed class StatecastSaver : OrderSaver
{
    private readonly ServiceProvider _services;
    private readonly IDbContextFactory<StatecastOrdersDb> _contexts;

    public StatecastSaver(string directory, string synchronous)
        : base(directory, "statecast", synchronous)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddPooledDbContextFactory<StatecastOrdersDb>(options => options.UseSqlite(ConnectionString));
        services.AddStatecast(
            "bench",
            statecast =>
                statecast
                    .UseSqliteLog(Path.Combine(directory, "log"))
                    .FromDbContext<StatecastOrdersDb>(db => db.Publish<Order, OrderState>(o => o.ToState()))
        );
        _services = services.BuildServiceProvider();
        _contexts = _services.GetRequiredService<IDbContextFactory<StatecastOrdersDb>>();
        CreateTables();
    }

    public override OrdersDb CreateContext() => _contexts.CreateDbContext();

    public override byte[]? CapturedBody(Guid order) =>
        Scalar("SELECT body FROM statecast_outbox WHERE key = @key ORDER BY sequence DESC LIMIT 1", order.ToString());

    public override void Dispose()
    {
        _services.Dispose();
        base.Dispose();
    }
}
