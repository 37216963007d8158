using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;
using Statecast.Transport;
using Statecast.Transport.InProcess;

namespace Statecast.Hosting;

/// <summary>Declares what a service publishes and which replicas it holds. Additive: several modules may each add to it.</summary>
public sealed class StatecastBuilder
{
    private readonly StatecastRegistration _registration;

    internal StatecastBuilder(IServiceCollection services, StatecastRegistration registration)
    {
        Services = services;
        _registration = registration;
    }

    /// <summary>The service's name: feeds the events' source, queues and groups.</summary>
    public string Service => _registration.Service;

    /// <summary>The application's services, for adapters' extensions.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Adds a carrier. The first is the default; the same carrier twice is an error.</summary>
    /// <param name="carrier">Its name, for <c>Via</c> and <c>From</c>.</param>
    /// <param name="create">Makes it once, at start.</param>
    /// <exception cref="InvalidOperationException">The carrier was added already.</exception>
    public StatecastBuilder AddTransport(string carrier, Func<IServiceProvider, ITransport> create)
    {
        if (_registration.Transports.Any(t => t.Carrier == carrier))
            throw new InvalidOperationException($"The carrier '{carrier}' was added already. Configure it once per service.");
        _registration.Transports.Add((carrier, create));
        return this;
    }

    /// <summary>Adds what an adapter package brings for one database technology; adding it again changes nothing.</summary>
    public StatecastBuilder AddDatabase(string providerName, Func<IServiceProvider, IDatabaseAdapter> create)
    {
        if (_registration.ProviderNames.Add(providerName))
            Services.AddSingleton(create);
        return this;
    }

    /// <summary>Adds a source database, behind its capture adapter.</summary>
    public StatecastBuilder AddSource(Func<IServiceProvider, IStateSource> create)
    {
        _registration.Sources.Add(create);
        return this;
    }

    /// <summary>Adds a source database that is written by ADO.NET or Dapper: what changes is told to <see cref="IStatePublisher"/> inside the same transaction.</summary>
    /// <param name="name">A name for people and metrics; one per database.</param>
    /// <param name="connect">Makes a closed connection with its connection string; called for the relay, the republisher and at start.</param>
    /// <param name="configure">Declares what is published.</param>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    public StatecastBuilder FromConnection(
        string name,
        Func<IServiceProvider, DbConnection> connect,
        Action<ConnectionSourceBuilder> configure
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (!_registration.ConnectionSources.Add(name))
            throw new InvalidOperationException(
                $"The source '{name}' was added already: declare all that its database publishes in one place."
            );
        var declared = new ConnectionSourceBuilder();
        configure(declared);
        Services.AddSingleton(services => new ConnectionSource(
            name,
            () => connect(services),
            declared,
            [.. services.GetServices<IDatabaseAdapter>()],
            services.GetRequiredService<IPublicationBinder>(),
            new(services.GetRequiredService<TimeProvider>(), services.GetRequiredService<IEntropy>())
        ));
        AddPublisher();
        return AddSource(services => services.GetServices<ConnectionSource>().First(s => s.Name == name));
    }

    /// <summary>
    /// Publishes a contract without a database, over the in-process carrier: whatever <see cref="IStatePublisher"/> is told of it. The newest state of every key
    /// is kept in memory, and gone at the next start.
    /// </summary>
    /// <exception cref="InvalidOperationException">The contract is declared already.</exception>
    public StatecastBuilder Publish<TState>()
        where TState : class, IStateContract<TState>
    {
        var published = _registration.WithoutDatabase;
        if (published.Exists(p => p.Contract.Destination == TState.Contract.Destination))
            throw new InvalidOperationException($"{TState.Contract.Destination} is published already: declare it once.");
        published.Add(new Publication<TState>(TState.Contract, new() { Carriers = [InProcessTransport.CarrierName] }));
        if (published.Count > 1)
            return this;
        Services.AddSingleton(services => new InProcessSource(
            Service,
            published,
            () => (InProcessTransport)services.GetRequiredService<CarrierDirectory>().Find(InProcessTransport.CarrierName, "Publish"),
            services.GetRequiredService<IReplicaDirectory>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<InProcessSource>>()
        ));
        Services.AddSingleton<InProcessPublisher>();
        AddPublisher();
        return AddSource(services => services.GetRequiredService<InProcessSource>());
    }

    private void AddPublisher() =>
        Services.TryAddSingleton<IStatePublisher>(services => new StatePublisher(
            services.GetServices<ConnectionSource>(),
            services.GetService<InProcessPublisher>()
        ));

    /// <summary>Declares a replica of a contract. It also registers <c>IReplica&lt;TKey, TState&gt;</c>.</summary>
    /// <exception cref="InvalidOperationException">The service has a replica of the contract already.</exception>
    public StatecastBuilder Replica<TState>(Action<ReplicaBuilder<TState>> configure)
        where TState : class, IStateContract<TState>
    {
        var contract = TState.Contract;
        if (_registration.Replicas.Any(r => r.Contract.Destination == contract.Destination))
            throw new InvalidOperationException(
                $"The service '{Service}' has a replica of {contract.Destination} already: configure it in one place."
            );
        var replica = new ReplicaBuilder<TState>(Services, contract);
        configure(replica);
        var built = replica.Build();
        if (_registration.Replicas.FirstOrDefault(r => r.Reads.Destination == built.Reads.Destination) is { } other)
            throw new InvalidOperationException(
                $"The replicas of {other.Contract.Destination} and {contract.Destination} both read {built.Reads.Destination}: a service reads a destination once. Leave FromMajor out, or one of the replicas."
            );
        _registration.Replicas.Add(built);
        return this;
    }

    /// <summary>Sets options from code; the configuration section <c>Statecast</c> is read after and wins.</summary>
    public StatecastBuilder Configure(Action<StatecastOptions> configure)
    {
        Services.Configure(configure);
        return this;
    }
}
