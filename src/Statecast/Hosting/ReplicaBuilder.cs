using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Serialization;

namespace Statecast.Hosting;

/// <summary>Declares one replica: where it is kept, its indexes and its handlers.</summary>
/// <typeparam name="TState">The contract.</typeparam>
public sealed class ReplicaBuilder<TState>
    where TState : class, IStateContract<TState>
{
    private readonly StateContract<TState> _contract;
    private readonly List<StateIndex<TState>> _indexes = [];
    private readonly List<Func<Func<StoredBody, TState>, ILogger, HandlerRegistration>> _handlers = [];
    private readonly HashSet<string> _handlerNames = [];
    private Func<IServiceProvider, IReplicaStore>? _store;
    private bool _inMemory;
    private string? _carrier;
    private string? _instance;
    private bool _shared;
    private int? _major;

    internal ReplicaBuilder(IServiceCollection services, StateContract<TState> contract)
    {
        Services = services;
        _contract = contract;
    }

    /// <summary>The application's services, for adapters' extensions.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The replica's name, which is its destination's: for adapters' extensions.</summary>
    public string Name => _contract.Destination;

    /// <summary>
    /// Keeps the replica in memory: it bootstraps anew at every start. A carrier that hands state objects along has them kept; else bodies are kept as received and
    /// decoded by each read, unless the replica has an index or a handler; one that cannot be decoded is parked then.
    /// </summary>
    /// <param name="store">The store, where the caller wants to look at it; null for a new one, whose kind the carrier decides.</param>
    public ReplicaBuilder<TState> InMemory(MemoryReplicaStore? store = null)
    {
        _inMemory = true;
        _store = store is null ? null : _ => store;
        return this;
    }

    /// <summary>Keeps the replica in a store that an adapter makes.</summary>
    public ReplicaBuilder<TState> In(Func<IServiceProvider, IReplicaStore> store)
    {
        _inMemory = false;
        _store = store;
        return this;
    }

    /// <summary>Receives from this carrier instead of the service's first.</summary>
    public ReplicaBuilder<TState> From(string carrier)
    {
        _carrier = carrier;
        return this;
    }

    /// <summary>
    /// Reads the contract's events in an older major version, which its source still writes, through the record's upcasters
    /// (<c>public static OrderState Upcast(OrderStateV1 old)</c>). Leave it out once the source writes the contract's own: the replica then takes over what it had of
    /// the older one, handlers' work too, and reads the newer destination from its beginning.
    /// </summary>
    /// <param name="major">The older version, from 1.</param>
    public ReplicaBuilder<TState> FromMajor(int major)
    {
        _major = major;
        return this;
    }

    /// <summary>Names an instance whose store is its own, where several instances of the service run.</summary>
    public ReplicaBuilder<TState> Instance(string name)
    {
        _instance = name;
        return this;
    }

    /// <summary>
    /// Lets the instances of this service share the contract's lanes, on a carrier that can: each holds a part of the keys in a store of its own, and which part
    /// changes when instances come and go. A read of a key that another instance holds throws <see cref="StateElsewhereException"/>. Rows of a lane that was taken
    /// away are kept aside, and brought up to date if it comes back. Such a replica has no handlers.
    /// </summary>
    public ReplicaBuilder<TState> Shared()
    {
        _shared = true;
        return this;
    }

    /// <summary>Declares an index, for <see cref="IReplica{TKey, TState}.QueryAsync"/>. A new or changed one is built from the rows at the next start.</summary>
    /// <exception cref="InvalidOperationException">The replica has an index of that name.</exception>
    public ReplicaBuilder<TState> Index(StateIndex<TState> index)
    {
        if (_indexes.Any(i => i.Name == index.Name))
            throw new InvalidOperationException($"The replica of {_contract.Destination} has an index named '{index.Name}' already.");
        _indexes.Add(index);
        return this;
    }

    /// <summary>Adds a handler, made by the container in a scope per call.</summary>
    /// <param name="name">Stored with pending work; default the handler's type name. Keep it when the type is renamed.</param>
    /// <param name="replay">Whether it also sees the bootstrap's states and Snapshots that change nothing.</param>
    /// <param name="bestEffort">
    /// Whether changes may be missed that this process had not handled when it ended, or that come while it is down. A replica in memory forgets them while its
    /// carrier goes on, and takes for its beginning what is there at the next start: the host does not start with a handler on one that does not say so. Only
    /// in-process everything ends together.
    /// </param>
    /// <exception cref="InvalidOperationException">The replica has a handler of that name, or 63 handlers.</exception>
    public ReplicaBuilder<TState> On<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string? name = null,
        bool replay = false,
        bool bestEffort = false
    )
        where THandler : class, IStateHandler<TState>
    {
        var known = name ?? typeof(THandler).Name;
        if (!_handlerNames.Add(known))
            throw new InvalidOperationException(
                $"The replica of {_contract.Destination} has a handler named '{known}' already: give one of them another name."
            );
        if (_handlers.Count == 63)
            throw new InvalidOperationException("A replica has at most 63 handlers.");
        Services.TryAddScoped<THandler>();
        _handlers.Add((decode, logger) => new HandlerRegistration<TState, THandler>(known, replay, bestEffort, decode, logger));
        return this;
    }

    internal ReplicaRegistration Build()
    {
        if (_store is null && !_inMemory)
            throw new InvalidOperationException(
                $"The replica of {_contract.Destination} has no store: add .InMemory(), or an adapter's such as .InSqlite(\"file.db\")."
            );
        if (_shared && _handlers.Count > 0)
            throw new InvalidOperationException(
                $"The replica of {_contract.Destination} is shared and has handlers: a lane that moves between instances would be announced as a whole. Leave out .Shared(), or the handlers."
            );
        return _contract.Accept(new Registrar(this, _store));
    }

    /// <summary>Learns the key's type from the contract, without reflection.</summary>
    private sealed class Registrar(ReplicaBuilder<TState> builder, Func<IServiceProvider, IReplicaStore>? store)
        : IContractVisitor<ReplicaRegistration>
    {
        public ReplicaRegistration Visit<TKey, T>(StateContract<TKey, T> contract)
            where TKey : notnull
            where T : class
        {
            if (contract is not StateContract<TKey, TState> typed)
                throw new InvalidOperationException($"{contract.Destination} is a contract of {typeof(T)}, not of {typeof(TState)}.");
            var registration = new ReplicaRegistration<TKey, TState>(
                typed,
                store,
                [.. builder._indexes],
                [.. builder._handlers],
                builder._inMemory
            )
            {
                Contract = typed,
                Reads = UpcastChain<TState>.Of(typed).Require(builder._major ?? typed.Major),
                Carrier = builder._carrier,
                Instance = builder._instance,
                Shared = builder._shared,
            };
            builder.Services.AddSingleton<IReplica<TKey, TState>>(services =>
                services.GetRequiredService<IReplicaDirectory>().ReplicaOf<TKey, TState>(typed.Destination)
            );
            return registration;
        }
    }
}
