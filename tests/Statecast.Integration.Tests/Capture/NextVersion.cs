using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;

namespace Statecast.Integration.Tests.Capture;

/// <summary>The same database under the next version of its service.</summary>
internal sealed class NextVersion : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private NextVersion(CaptureWorld world, Action<EfSourceBuilder<ShopDb>> publish)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(world.Clock);
        services.AddDbContext<ShopDb>(b =>
            b.UseSqlite(world.ConnectionString).ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        services.AddStatecast(
            "shop",
            s =>
                s.AddTransport("test", _ => new NoTransport("test"))
                    .AddDatabase("Microsoft.EntityFrameworkCore.Sqlite", _ => new TestDatabaseAdapter(world.Store))
                    .FromDbContext(publish)
        );
        _services = services.BuildServiceProvider();
        Source = _services.GetRequiredService<EfStateSource<ShopDb>>();
    }

    public EfStateSource<ShopDb> Source { get; }

    public static async Task<NextVersion> OfAsync(CaptureWorld world, Action<EfSourceBuilder<ShopDb>> publish)
    {
        var next = new NextVersion(world, publish);
        await next.Source.PrepareAsync(CancellationToken.None);
        return next;
    }

    public ShopDb Open() => new(_services.CreateScope().ServiceProvider.GetRequiredService<DbContextOptions<ShopDb>>());

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
