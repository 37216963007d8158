using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Statecast.EntityFrameworkCore.Capture;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore;

/// <summary>Declares contexts as sources.</summary>
public static class StatecastBuilderExtensions
{
    /// <summary>
    /// Publishes from a DbContext, however it is registered: plain, pooled or by a factory. Its model needs <c>modelBuilder.AddStatecast()</c>.
    /// Several calls for one context add up.
    /// </summary>
    /// <param name="statecast">The service.</param>
    /// <param name="configure">Declares what is published.</param>
    public static StatecastBuilder FromDbContext<TContext>(this StatecastBuilder statecast, Action<EfSourceBuilder<TContext>> configure)
        where TContext : DbContext
    {
        var builder = new EfSourceBuilder<TContext>();
        configure(builder);
        var services = statecast.Services;
        services.AddSingleton(builder);
        if (services.Any(s => s.ServiceType == typeof(EfStateSource<TContext>)))
            return statecast;
        services.AddSingleton(new SourceContext(typeof(TContext)));
        services.AddSingleton(Create<TContext>);
        services.ConfigureDbContext<TContext>(
            (provider, options) =>
                DbContextOptionsBuilderExtensions.UseStatecast(options, provider.GetRequiredService<EfStateSource<TContext>>().Capture)
        );
        return statecast.AddSource(p => p.GetRequiredService<EfStateSource<TContext>>());
    }

    private static EfStateSource<TContext> Create<TContext>(IServiceProvider provider)
        where TContext : DbContext
    {
        var builders = provider.GetServices<EfSourceBuilder<TContext>>();
        var capture = new EfCapture(
            [.. builders.SelectMany(b => b.Publications).Select(build => build())],
            [.. provider.GetServices<IDatabaseAdapter>()],
            provider.GetRequiredService<IPublicationBinder>(),
            new(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IEntropy>())
        );
        return new(
            NameOf(typeof(TContext), provider.GetServices<SourceContext>()),
            capture,
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetRequiredService<ILogger<EfStateSource<TContext>>>()
        );
    }

    // What was published is remembered under this name, so that no other context in the same database may have it.
    private static string NameOf(Type context, IEnumerable<SourceContext> all) =>
        all.Any(c => c.Type != context && c.Type.Name == context.Name) ? context.FullName! : context.Name;

    /// <summary>A context that was declared as a source.</summary>
    private sealed record SourceContext(Type Type);
}
