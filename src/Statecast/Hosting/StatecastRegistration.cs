using Statecast.Publishing;
using Statecast.Transport;

namespace Statecast.Hosting;

/// <summary>What was declared for a service, before anything is made.</summary>
internal sealed class StatecastRegistration(string service)
{
    public string Service { get; } = service;

    public List<(string Carrier, Func<IServiceProvider, ITransport> Create)> Transports { get; } = [];

    public HashSet<string> ProviderNames { get; } = [];

    public List<Func<IServiceProvider, IStateSource>> Sources { get; } = [];

    /// <summary>Names of the sources without EF Core.</summary>
    public HashSet<string> ConnectionSources { get; } = new(StringComparer.Ordinal);

    /// <summary>What is published without a database.</summary>
    public List<Publication> WithoutDatabase { get; } = [];

    public List<ReplicaRegistration> Replicas { get; } = [];

    /// <summary>Sections below <c>Statecast</c> that adapters read.</summary>
    public HashSet<string> AdapterSections { get; } = new(StringComparer.OrdinalIgnoreCase);
}
