using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Hosting;
using Statecast.Integration.Tests.Sqlite;

namespace Statecast.Integration.Tests.Ways;

/// <summary>Hosts over one folder, with short intervals.</summary>
internal sealed class Hosts : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly List<IHost> _running = [];

    public string File(string name) => _directory.File(name);

    public async Task<IHost> StartAsync(string service, Action<IServiceCollection> contexts, Action<StatecastBuilder> declare)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = "00:00:00.050";
        builder.Configuration["Statecast:Relay:LeaseDuration"] = "00:00:03";
        builder.Configuration["Statecast:Relay:DeliveryTimeout"] = "00:00:01";
        contexts(builder.Services);
        builder.Services.AddStatecast(service, declare);
        var host = builder.Build();
        using (var scope = host.Services.CreateScope())
            foreach (var context in scope.ServiceProvider.GetServices<DbContext>())
                await context.Database.EnsureCreatedAsync();
        await host.StartAsync();
        _running.Add(host);
        return host;
    }

    /// <summary>Registers a context over a file of the folder.</summary>
    public void AddContext<TContext>(IServiceCollection services, string file, Action<DbContextOptionsBuilder>? configure = null)
        where TContext : DbContext
    {
        services.AddDbContext<TContext>(o =>
        {
            o.UseSqlite($"Data Source={File(file)};Pooling=False");
            o.ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));
            configure?.Invoke(o);
        });
        services.AddScoped<DbContext>(p => p.GetRequiredService<TContext>());
    }

    public static async Task SaveAsync<TContext>(IHost source, Action<TContext> change)
        where TContext : DbContext
    {
        using var scope = source.Services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TContext>();
        change(db);
        await db.SaveChangesAsync();
    }

    /// <summary>Waits until the first has sent all and the others hold it.</summary>
    public static async Task IdleAsync(params IHost[] hosts)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        foreach (var host in hosts)
            await host.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
    }

    public async Task StopAsync(IHost host)
    {
        _running.Remove(host);
        await host.StopAsync();
        host.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _running.ToList())
            await StopAsync(host);
        _directory.Dispose();
    }
}
