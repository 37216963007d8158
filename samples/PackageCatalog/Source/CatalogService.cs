using Microsoft.EntityFrameworkCore;
using PackageCatalog.Contracts;
using PackageCatalog.Running;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;

namespace PackageCatalog.Source;

/// <summary>The source: a host without a web page, whose database is the catalogue.</summary>
internal static class CatalogService
{
    public static async Task<IHost> StartAsync(CatalogFiles files, ILoggerProvider logging, CancellationToken ct)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { ApplicationName = "PackageCatalog" });
        builder.Logging.AddProvider(logging).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddDbContext<CatalogDb>(o => o.UseSqlite($"Data Source={files.Catalog}"));
        builder.Services.AddStatecast(
            "catalog",
            s => files.Carry(s).FromDbContext<CatalogDb>(db => db.Publish<Package, PackageState>(p => p.ToState()))
        );
        var host = builder.Build();
        try
        {
            await using (var scope = host.Services.CreateAsyncScope())
                await scope.ServiceProvider.GetRequiredService<CatalogDb>().Database.EnsureCreatedAsync(ct);
            await host.StartAsync(ct);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }
}
