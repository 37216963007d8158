using Statecast.Contracts;

namespace Statecast.Publishing.Explicit;

/// <summary>Declares what a database without EF Core publishes.</summary>
public sealed class ConnectionSourceBuilder
{
    private readonly List<RowsPublication> _publications = [];

    internal ConnectionSourceBuilder() { }

    internal IReadOnlyList<RowsPublication> Publications => _publications;

    internal bool MakesTables { get; private set; }

    /// <summary>Publishes a contract: whatever <see cref="IStatePublisher"/> is told of it, and at first what the rows hold already.</summary>
    /// <param name="rows">How its states are read.</param>
    /// <param name="configure">Carriers, lanes, limits; null for the defaults.</param>
    /// <exception cref="InvalidOperationException">The contract is declared already.</exception>
    public ConnectionSourceBuilder Publish<TKey, TState>(IStateRows<TKey, TState> rows, Action<PublicationOptions>? configure = null)
        where TKey : notnull
        where TState : class, IStateContract<TState>
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (TState.Contract is not StateContract<TKey, TState> contract)
            throw new InvalidOperationException(
                $"{rows.GetType().Name} reads rows by {typeof(TKey).Name}, which is not the key of {TState.Contract.Name}. Implement IStateRows with the type of its [StateKey]."
            );
        if (_publications.Exists(p => p.Publication.Contract.Destination == contract.Destination))
            throw new InvalidOperationException($"{contract.Destination} is published already: declare it once.");
        var options = new PublicationOptions();
        configure?.Invoke(options);
        _publications.Add(new RowsPublication<TKey, TState>(contract, rows, new(contract, options)));
        return this;
    }

    /// <summary>Also writes an older major of a contract that was declared before, for targets that have not moved to the newer one yet: with the same epoch and revision, to its own destination.</summary>
    /// <param name="map">From the newer state to the older. No I/O, no clock, no randomness.</param>
    /// <exception cref="InvalidOperationException">The newer contract is not declared.</exception>
    /// <exception cref="SourceException">The older one is no other version of it, or is written already.</exception>
    public ConnectionSourceBuilder AlsoAs<TState, TOlder>(Func<TState, TOlder> map)
        where TState : class, IStateContract<TState>
        where TOlder : class, IStateContract<TOlder>
    {
        ArgumentNullException.ThrowIfNull(map);
        var newer =
            _publications.Find(p => p.Publication.Contract.Destination == TState.Contract.Destination)
            ?? throw new InvalidOperationException($"{TState.Contract.Destination} is not declared yet: call Publish(…) for it before.");
        newer.AlsoAs(TOlder.Contract, state => map((TState)state));
        return this;
    }

    /// <summary>Makes Statecast's tables at start where they are missing. Otherwise run the adapter's script (for SQLite <c>SqliteTableScript.Create</c>) with your own migrations.</summary>
    public ConnectionSourceBuilder MakeTables()
    {
        MakesTables = true;
        return this;
    }
}
