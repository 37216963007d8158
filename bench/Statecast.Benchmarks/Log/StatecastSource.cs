using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Benchmarks.Orders;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.Sqlite;

namespace Statecast.Benchmarks.Log;

/// <summary>Ours: an application that saves orders, with the defaults of everything. Its relay runs while its host does; saves are captured in either case.</summary>
internal sealed class StatecastSource : ISourceSide
{
    private readonly string _directory;
    private IHost _host;
    private bool _started;

    public StatecastSource(string directory)
    {
        _directory = directory;
        _host = Build();
        using var db = Contexts.CreateDbContext();
        db.Database.EnsureCreated();
    }

    private IDbContextFactory<StatecastOrdersDb> Contexts => _host.Services.GetRequiredService<IDbContextFactory<StatecastOrdersDb>>();

    public async Task StartRelayAsync()
    {
        _started = true;
        await _host.StartAsync();
    }

    public async Task StopRelayAsync()
    {
        if (!_started)
            return;
        _started = false;
        await _host.StopAsync();
        // A host runs once. The next one captures before it starts.
        _host.Dispose();
        _host = Build();
    }

    public async Task SaveAsync(IEnumerable<Order> orders)
    {
        await using var db = await Contexts.CreateDbContextAsync();
        db.AddRange(orders);
        await db.SaveChangesAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_started)
            await _host.StopAsync();
        _host.Dispose();
    }

    private IHost Build()
    {
        var builder = BenchmarkHost.CreateBuilder();
        builder.Services.AddPooledDbContextFactory<StatecastOrdersDb>(options =>
            options.UseSqlite($"Data Source={LogFile.Source(_directory)}").AddInterceptors(new SourcePragmas())
        );
        builder.Services.AddStatecast(
            "orders",
            statecast =>
                statecast
                    .UseSqliteLog(LogFile.LogDirectory(_directory))
                    .FromDbContext<StatecastOrdersDb>(db => db.Publish<Order, OrderState>(o => o.ToState()))
        );
        return builder.Build();
    }
}
