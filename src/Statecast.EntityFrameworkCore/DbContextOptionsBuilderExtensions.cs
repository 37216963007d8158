using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Statecast.EntityFrameworkCore.Capture;

namespace Statecast.EntityFrameworkCore;

/// <summary>Captures contexts that are built by hand.</summary>
public static class DbContextOptionsBuilderExtensions
{
    /// <summary>
    /// Makes contexts with these options publish what the source declares. Contexts from the services need no call; one built by hand is captured
    /// only with it. May stand before or after the provider's own call.
    /// </summary>
    /// <param name="builder">The options.</param>
    /// <param name="source">The source, from the services: <c>GetRequiredService&lt;EfStateSource&lt;OrdersDb&gt;&gt;()</c>.</param>
    public static DbContextOptionsBuilder<TContext> UseStatecast<TContext>(
        this DbContextOptionsBuilder<TContext> builder,
        EfStateSource<TContext> source
    )
        where TContext : DbContext
    {
        UseStatecast((DbContextOptionsBuilder)builder, source.Capture);
        return builder;
    }

    internal static void UseStatecast(DbContextOptionsBuilder builder, EfCapture capture) =>
        ((IDbContextOptionsBuilderInfrastructure)builder).AddOrUpdateExtension(new StatecastOptionsExtension(capture));
}
