using Statecast.Contracts;

namespace Statecast.Publishing;

/// <summary>Where a publication's events go: one outbox row per route.</summary>
/// <param name="Carrier">The carrier's name.</param>
/// <param name="Destination">The destination on it.</param>
/// <param name="Lanes">The destination's lane count.</param>
/// <param name="Codec">The codec of the bodies.</param>
public sealed record Route(string Carrier, string Destination, int Lanes, string Codec);

/// <summary>One contract that a source publishes, whatever supplies its states.</summary>
public abstract class Publication
{
    private protected Publication(StateContract contract, PublicationOptions options)
    {
        Contract = contract;
        Options = options;
    }

    /// <summary>The contract.</summary>
    public StateContract Contract { get; }

    /// <summary>Its settings.</summary>
    public PublicationOptions Options { get; }

    /// <summary>Where its events go. Set once at start, when the carriers are known.</summary>
    public IReadOnlyList<Route> Routes { get; internal set; } = [];
}

/// <summary>A publication's settings.</summary>
public sealed class PublicationOptions
{
    /// <summary>The carriers by name; empty means the service's first.</summary>
    public IReadOnlyList<string> Carriers { get; set; } = [];

    /// <summary>The lane count, 1 to 4,096; null means the carrier's default (8 on a log, 1 on a queue).</summary>
    public int? Lanes { get; set; }

    /// <summary>The most bytes of an event's body, checked inside the source's transaction. Default 900 KB.</summary>
    public int MaxEventBytes { get; set; } = 900 * 1024;

    /// <summary>Whether unsent revisions of one key are all sent; by default older ones may be coalesced into the newest.</summary>
    public bool KeepEach { get; set; }
}

/// <summary>A publication whose state type is known.</summary>
/// <param name="contract">The contract.</param>
/// <param name="options">Its settings.</param>
public sealed class Publication<TState>(StateContract<TState> contract, PublicationOptions options) : Publication(contract, options)
    where TState : class
{
    /// <summary>The contract, with its type.</summary>
    public new StateContract<TState> Contract { get; } = contract;
}
