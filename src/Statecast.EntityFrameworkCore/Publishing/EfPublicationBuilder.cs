using System.Linq.Expressions;
using Statecast.Contracts;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore.Publishing;

/// <summary>Settings of one publication from a DbContext. Everything has a default; every call can be made once per name.</summary>
/// <typeparam name="TRoot">The aggregate's root entity.</typeparam>
/// <typeparam name="TState">The state contract.</typeparam>
public sealed class EfPublicationBuilder<TRoot, TState>
    where TRoot : class
    where TState : class, IStateContract<TState>
{
    private readonly Func<TRoot, TState> _map;
    private readonly PublicationOptions _options = new();
    private readonly EfPublicationSettings _settings = new();
    private readonly List<(Action<Publication> Add, Func<TRoot, object?> Map)> _olders = [];
    private Func<TRoot, bool>? _where;

    internal EfPublicationBuilder(Func<TRoot, TState> map) => _map = map;

    /// <summary>
    /// Also writes an older major of the contract, for targets that have not moved to the newer one yet: with the same epoch and revision, to its own destination.
    /// A target moves when it is ready; then leave this out.
    /// </summary>
    /// <param name="map">From the root, as the contract's own map.</param>
    public EfPublicationBuilder<TRoot, TState> AlsoAs<TOlder>(Func<TRoot, TOlder> map)
        where TOlder : class, IStateContract<TOlder>
    {
        ArgumentNullException.ThrowIfNull(map);
        _olders.Add((publication => publication.AlsoAs(TOlder.Contract), map));
        return this;
    }

    /// <summary>Names the carriers; by default the service's first carrier takes it.</summary>
    public EfPublicationBuilder<TRoot, TState> Via(params string[] carriers)
    {
        _options.Carriers = carriers;
        return this;
    }

    /// <summary>The lane count of the destination, 1 to 4,096; by default the carrier's (8 on a log, 1 on a queue). Never changes once published.</summary>
    public EfPublicationBuilder<TRoot, TState> Lanes(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, KeyText.Buckets);
        _options.Lanes = count;
        return this;
    }

    /// <summary>The most bytes of an event's body; a save with a larger state fails. Default 900 KB.</summary>
    public EfPublicationBuilder<TRoot, TState> MaxEventBytes(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        _options.MaxEventBytes = bytes;
        return this;
    }

    /// <summary>Sends every unsent revision of a key; by default older ones may be coalesced into the newest.</summary>
    public EfPublicationBuilder<TRoot, TState> KeepEach()
    {
        _options.KeepEach = true;
        return this;
    }

    /// <summary>
    /// Sends what changed instead of the whole state, where that is smaller: for large states of which little changes at a time. The contract needs
    /// <see cref="StateContractAttribute.Patches"/>, and every carrier must take patches; start-up says so otherwise.
    /// </summary>
    /// <param name="configure">How often a full state goes out all the same; null for the defaults, every 20 patches and after 5 minutes.</param>
    public EfPublicationBuilder<TRoot, TState> Patches(Action<PatchOptions>? configure = null)
    {
        _options.Patches = new();
        configure?.Invoke(_options.Patches);
        return this;
    }

    /// <summary>
    /// Publishes only roots for which the predicate holds. It sees the aggregate as read back: one that stops matching is published as Delete,
    /// one that starts to match as Upsert. After a change of the predicate, republish.
    /// </summary>
    public EfPublicationBuilder<TRoot, TState> Where(Func<TRoot, bool> predicate)
    {
        _where = predicate;
        _settings.HasPredicate = true;
        return this;
    }

    /// <summary>Publishes also what a query filter of the model hides. Read-back itself never applies query filters.</summary>
    public EfPublicationBuilder<TRoot, TState> IgnoreFilters()
    {
        _settings.IgnoreFilters = true;
        return this;
    }

    /// <summary>Reads these dependents and no others; by default all are read. Owned types are always part.</summary>
    /// <param name="paths">For example <c>o => o.Lines</c> or <c>o => o.Lines.Select(l => l.Notes)</c>, which implies <c>Lines</c>.</param>
    public EfPublicationBuilder<TRoot, TState> Reads(params Expression<Func<TRoot, object?>>[] paths) =>
        Reads([.. paths.Select(NavigationPath.Of)]);

    /// <summary>Reads these dependents and no others, named as <c>Lines.Notes</c>.</summary>
    public EfPublicationBuilder<TRoot, TState> Reads(params string[] paths)
    {
        _settings.Reads.UnionWith(paths);
        return this;
    }

    /// <summary>Leaves these dependents out: the map must not use them, and their changes publish nothing.</summary>
    public EfPublicationBuilder<TRoot, TState> Except(params Expression<Func<TRoot, object?>>[] paths) =>
        Except([.. paths.Select(NavigationPath.Of)]);

    /// <summary>Leaves these dependents out, named as <c>Lines.Notes</c>.</summary>
    public EfPublicationBuilder<TRoot, TState> Except(params string[] paths)
    {
        _settings.Except.UnionWith(paths);
        return this;
    }

    /// <summary>
    /// Reads navigations to principals or many-to-many partners besides. A change of the partner itself is <b>not</b> captured:
    /// its values in the state are those at the aggregate's last own change. By naming it you accept that.
    /// </summary>
    public EfPublicationBuilder<TRoot, TState> ReadsAlso(params Expression<Func<TRoot, object?>>[] paths) =>
        ReadsAlso([.. paths.Select(NavigationPath.Of)]);

    /// <summary>Reads navigations to principals or partners besides, named as <c>Customer</c> or <c>Lines.Product</c>.</summary>
    public EfPublicationBuilder<TRoot, TState> ReadsAlso(params string[] paths)
    {
        _settings.ReadsAlso.UnionWith(paths);
        return this;
    }

    /// <summary>
    /// Accepts that the database cascades from this entity into the aggregate: rows changed so without being tracked are <b>not</b> captured,
    /// until a republish finds them. Without it, a save that deletes such an entity first asks which rows its cascades will reach, and captures them;
    /// bulk and raw statements that delete it are refused.
    /// </summary>
    public EfPublicationBuilder<TRoot, TState> AcceptCascadeFrom<TPrincipal>()
        where TPrincipal : class
    {
        _settings.AcceptedCascades.Add(typeof(TPrincipal));
        return this;
    }

    /// <summary>
    /// Says which primary key property is which part of the contract's key. Needed only where the names differ.
    /// </summary>
    /// <param name="key">For example <c>o => new OrderState.Key(o.TenantId, o.Id)</c>, over primary key properties only.</param>
    public EfPublicationBuilder<TRoot, TState> Key<TKey>(Expression<Func<TRoot, TKey>> key)
        where TKey : notnull
    {
        _settings.KeyProperties.Clear();
        _settings.KeyProperties.AddRange(KeyExpression.Properties(key));
        return this;
    }

    /// <summary>Converts between the root's primary key and the contract's key, where neither their types nor the model's own conversion fit.</summary>
    /// <param name="toContract">From the row's key to the contract's.</param>
    /// <param name="toRow">The exact inverse.</param>
    public EfPublicationBuilder<TRoot, TState> Key<TRow, TKey>(Func<TRow, TKey> toContract, Func<TKey, TRow> toRow)
        where TRow : notnull
        where TKey : notnull
    {
        _settings.ToContractKey = row => toContract((TRow)row);
        _settings.ToRowKey = key => toRow((TKey)key);
        _settings.KeyTypes = (typeof(TRow), typeof(TKey));
        return this;
    }

    internal EfPublication Build() => TState.Contract.Accept(new Builder(this));

    private sealed class Builder(EfPublicationBuilder<TRoot, TState> owner) : IContractVisitor<EfPublication>
    {
        public EfPublication Visit<TKey, TVisited>(StateContract<TKey, TVisited> contract)
            where TKey : notnull
            where TVisited : class
        {
            var made = new EfPublication<TRoot, TKey, TState>(
                (StateContract<TKey, TState>)(StateContract)contract,
                owner._options,
                owner._settings,
                owner._map,
                owner._where,
                [.. owner._olders.Select(o => o.Map)]
            );
            foreach (var (add, _) in owner._olders)
                add(made.Publication);
            return made;
        }
    }
}
