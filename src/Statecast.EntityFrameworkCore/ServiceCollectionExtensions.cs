using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Statecast.EntityFrameworkCore.Capture;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore;

/// <summary>Registers contexts as sources.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>
    /// Publishes from a DbContext, however it is registered (plain, pooled or by a factory). Several calls for one context add up.
    /// </summary>
    /// <param name="services">The services in which the context is registered.</param>
    /// <param name="configure">Declares what is published.</param>
    public static IServiceCollection AddStatecastSource<TContext>(
        this IServiceCollection services,
        Action<EfSourceBuilder<TContext>> configure
    )
        where TContext : DbContext
    {
        var builder = new EfSourceBuilder<TContext>();
        configure(builder);
        services.AddSingleton(builder);
        if (services.Any(s => s.ServiceType == typeof(EfStateSource<TContext>)))
            return services;
        services.AddSingleton(Create<TContext>);
        services.AddSingleton<IStateSource>(p => p.GetRequiredService<EfStateSource<TContext>>());
        services.ConfigureDbContext<TContext>(
            (provider, options) =>
                DbContextOptionsBuilderExtensions.UseStatecast(options, provider.GetRequiredService<EfStateSource<TContext>>().Capture)
        );
        return services;
    }

    private static EfStateSource<TContext> Create<TContext>(IServiceProvider provider)
        where TContext : DbContext
    {
        var publications = provider
            .GetServices<EfSourceBuilder<TContext>>()
            .SelectMany(b => b.Publications)
            .Select(build => build())
            .ToList();
        var clock = provider.GetService<TimeProvider>() ?? TimeProvider.System;
        var entropy = provider.GetService<IEntropy>() ?? SystemEntropy.Instance;
        var capture = new EfCapture(publications, [.. provider.GetServices<IDatabaseAdapter>()], new StateCapture(clock, entropy));
        // Bound as soon as a context can exist: an application may save before its host starts.
        if (provider.GetService<IPublicationBinder>() is { } binder)
            foreach (var publication in publications)
                binder.Bind(publication.Publication);
        return new(
            capture,
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetService<ILogger<EfStateSource<TContext>>>() ?? NullLogger<EfStateSource<TContext>>.Instance
        );
    }
}
