using Statecast.Contracts;

namespace Statecast.Transport;

/// <summary>A configured carrier. One seam carries logs and queues; what a carrier can do is declared, never asked by type.</summary>
public interface ITransport
{
    /// <summary>The carrier's name, for example <c>sqlite</c>: in outbox rows, in <c>Via</c>, in metrics as <c>messaging.system</c>.</summary>
    string Carrier { get; }

    /// <summary>What this carrier can do.</summary>
    TransportAbilities Abilities { get; }

    /// <summary>What targets ask their sources by; null without <see cref="TransportAbilities.RequestChannel"/>.</summary>
    IStateRequests? Requests => null;

    /// <summary>States captured in this process, which the carrier hands along as they are; null for a carrier that sends bytes.</summary>
    internal StateObjects? Objects => null;

    /// <summary>Declares or checks what a source needs and opens its sending side.</summary>
    /// <exception cref="TransportException">The carrier cannot be reached or is not as it must be; the message says what mends it.</exception>
    ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct);

    /// <summary>Declares or checks what a target needs and opens its receiving side.</summary>
    /// <exception cref="TransportException">The carrier cannot be reached or is not as it must be; the message says what mends it.</exception>
    ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct);
}

/// <summary>What a source sends.</summary>
/// <param name="Source">The source's service name.</param>
/// <param name="Destinations">What it sends there.</param>
public sealed record SenderOptions(string Source, IReadOnlyList<SenderDestination> Destinations);

/// <summary>A destination that a source writes.</summary>
/// <param name="Contract">The contract.</param>
/// <param name="Lanes">Its lane count.</param>
/// <param name="Codec">The codec of its bodies.</param>
public sealed record SenderDestination(StateContract Contract, int Lanes, string Codec);

/// <summary>What a target receives.</summary>
/// <param name="Target">The target's service name.</param>
/// <param name="Instance">Names an instance with a replica store of its own; null where instances share one.</param>
/// <param name="Contract">The contract to receive.</param>
public sealed record ReceiverOptions(string Target, string? Instance, StateContract Contract)
{
    /// <summary>Whether the target keeps state objects: a carrier that has them need not encode them.</summary>
    internal bool TakesObjects { get; init; }

    /// <summary>Whether instances of the target share the lanes: only those that this one is given open here, and they come and go.</summary>
    public bool Shared { get; init; }

    /// <summary>Whether the replica is kept in memory: nobody shares it, and nothing of it outlives the receiver's process.</summary>
    public bool InMemory { get; init; }

    /// <summary>Which store the replica is in, by its own id (<see cref="Statecast.Replicas.ReplicaContents.Store"/>): who reads the same queues must have the same. Null if it cannot be shared.</summary>
    public Guid? Store { get; init; }

    /// <summary>The service that the target knows as the contract's source; null if it never was Live. What another publishes is refused, also while that one is away.</summary>
    public string? Source { get; init; }

    /// <summary>The most bytes of bodies in one delivery: it ends with the event that reaches them. A cap on memory that a target relies on.</summary>
    public long MaxBytes { get; init; } = long.MaxValue;
}
