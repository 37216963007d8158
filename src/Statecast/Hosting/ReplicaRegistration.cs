using Microsoft.Extensions.Logging;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Replicas;
using Statecast.Serialization;
using Statecast.Transport;

namespace Statecast.Hosting;

/// <summary>One declared replica, without its types.</summary>
internal abstract class ReplicaRegistration
{
    public required StateContract Contract { get; init; }

    /// <summary>The contract whose destination is read: the contract itself, or an older major of it.</summary>
    public required StateContract Reads { get; init; }

    /// <summary>The carrier's name; null means the service's first.</summary>
    public required string? Carrier { get; init; }

    public required string? Instance { get; init; }

    /// <summary>Whether instances of the service share the lanes.</summary>
    public required bool Shared { get; init; }

    public abstract ReplicaRuntime Create(ReplicaContext context);
}

/// <summary>What a replica's parts are made from.</summary>
internal sealed record ReplicaContext(
    IServiceProvider Services,
    string Service,
    ITransport Transport,
    IReadOnlySet<string> Declared,
    IReadOnlyDictionary<string, IStateCodec> Codecs,
    StatecastOptions Options,
    TimeProvider Clock,
    IEntropy Entropy,
    ILogger Logger
);

/// <summary>One running replica: its reading side and its loops.</summary>
internal sealed record ReplicaRuntime(object Replica, Subscription Subscription, ApplyLoop Apply, HandlerLoop? Handlers);
