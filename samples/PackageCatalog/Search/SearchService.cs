using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using PackageCatalog.Contracts;
using PackageCatalog.Running;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Sqlite;

namespace PackageCatalog.Search;

/// <summary>The target, in a process of its own: finds packages by name, section and dependency in its replica, and never asks the catalogue.</summary>
internal static class SearchService
{
    public static WebApplication Build(CatalogFiles files, ILoggerProvider logging)
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ApplicationName = "PackageCatalog", ContentRootPath = AppContext.BaseDirectory }
        );
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(logging).SetMinimumLevel(LogLevel.Warning);
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        builder.Services.AddStatecast(
            "search",
            s =>
                files
                    .Carry(s)
                    .Replica<PackageState>(r => r.InSqlite(files.Search).Index(PackageIndexes.BySection).Index(PackageIndexes.ByDependency))
        );

        var app = builder.Build();
        app.MapGet("/packages/{name}", FindAsync);
        app.MapGet(
            "/sections/{**section}",
            (string section, IReplica<string, PackageState> packages, CancellationToken ct) =>
                packages.QueryAsync(PackageIndexes.BySection, section, ct: ct).Select(p => p.Key)
        );
        app.MapGet(
            "/dependents/{name}",
            (string name, IReplica<string, PackageState> packages, CancellationToken ct) =>
                packages.QueryAsync(PackageIndexes.ByDependency, name, ct: ct).Select(p => p.Key)
        );
        app.MapGet("/statecast", Status);
        app.MapPost("/statecast/idle", (IStatecast statecast, CancellationToken ct) => statecast.WhenIdleAsync(ct));
        return app;
    }

    private static async Task<IResult> FindAsync(string name, IReplica<string, PackageState> packages, CancellationToken ct) =>
        await packages.GetAsync(name, ct: ct) is { } package ? Results.Ok(package) : Results.NotFound();

    private static SearchStatus Status(IStatecast statecast, TimeProvider clock)
    {
        var replica = statecast.Replicas.Single();
        using var process = Process.GetCurrentProcess();
        return new(
            replica.State.ToString(),
            replica.Keys,
            replica.Counters.Applied,
            replica.Freshness.Staleness(clock.GetUtcNow())?.TotalSeconds,
            process.PeakWorkingSet64
        );
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken ct) => Task.CompletedTask;

        public Task StopAsync(CancellationToken ct) => Task.CompletedTask;
    }
}

/// <summary>How the search service stands.</summary>
/// <param name="Staleness">Seconds; null while unknown.</param>
/// <param name="PeakBytes">The most memory that its process ever held.</param>
internal sealed record SearchStatus(string State, long Keys, long Applied, double? Staleness, long PeakBytes);
