using Microsoft.EntityFrameworkCore;
using Statecast.Contracts;

namespace Statecast.EntityFrameworkCore.Publishing;

/// <summary>Declares what a DbContext publishes.</summary>
/// <typeparam name="TContext">The context.</typeparam>
public sealed class EfSourceBuilder<TContext>
    where TContext : DbContext
{
    private readonly List<Func<EfPublication>> _publications = [];

    internal EfSourceBuilder() { }

    internal IReadOnlyList<Func<EfPublication>> Publications => _publications;

    /// <summary>
    /// Publishes an aggregate: whenever a save changes a row of the root or of its dependents, the aggregate as committed is mapped and published.
    /// The contract's key is the root's primary key.
    /// </summary>
    /// <param name="map">
    /// From the root, read back with its dependents and without tracking, to the state. Runs inside the save's transaction: no I/O, no clock, no randomness.
    /// </param>
    public EfPublicationBuilder<TRoot, TState> Publish<TRoot, TState>(Func<TRoot, TState> map)
        where TRoot : class
        where TState : class, IStateContract<TState>
    {
        ArgumentNullException.ThrowIfNull(map);
        var builder = new EfPublicationBuilder<TRoot, TState>(map);
        _publications.Add(builder.Build);
        return builder;
    }
}
