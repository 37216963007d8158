using System.Buffers;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Transport;

namespace Statecast.Publishing;

/// <summary>Where a publication's events go: one outbox row per route.</summary>
/// <param name="Carrier">The carrier's name.</param>
/// <param name="Destination">The destination on it.</param>
/// <param name="Lanes">The destination's lane count.</param>
/// <param name="Codec">The codec of the bodies.</param>
public sealed record Route(string Carrier, string Destination, int Lanes, string Codec)
{
    /// <summary>Where a captured state waits for its event, on a carrier that hands objects along; null on others.</summary>
    internal StateObjects? Objects { get; init; }
}

/// <summary>One contract that a source publishes, whatever supplies its states.</summary>
public abstract class Publication
{
    // One object, so that a capture on another thread sees all of a binding or nothing.
    private volatile Binding _binding = new([], [], []);

    private protected Publication(StateContract contract, PublicationOptions options)
    {
        Contract = contract;
        Options = options;
    }

    /// <summary>The contract.</summary>
    public StateContract Contract { get; }

    /// <summary>Its settings.</summary>
    public PublicationOptions Options { get; }

    /// <summary>Where its events go; empty until <see cref="Bind"/>.</summary>
    public IReadOnlyList<Route> Routes => _binding.Routes;

    /// <summary>The distinct codecs of the routes: a state is encoded once for each.</summary>
    internal IReadOnlyList<IStateCodec> Codecs => _binding.Codecs;

    /// <summary>Says where the events go. Called once by the host, when the carriers are known; captures before it fail.</summary>
    /// <param name="routes">At least one.</param>
    /// <param name="codecs">The codecs that the routes name, found by <see cref="IStateCodec.Name"/>.</param>
    /// <exception cref="SourceException">There is no route, or a route names a codec that is not among them.</exception>
    public void Bind(IReadOnlyList<Route> routes, IEnumerable<IStateCodec> codecs)
    {
        if (routes.Count == 0)
            throw new SourceException($"{Contract.Name} has no carrier: add one (a Use… call), or name one with Via(…).");
        var known = codecs.ToList();
        var used = new List<IStateCodec>();
        var codecOfRoute = new int[routes.Count];
        for (var i = 0; i < routes.Count; i++)
        {
            var codec =
                known.Find(c => c.Name == routes[i].Codec)
                ?? throw new SourceException(
                    $"{Contract.Name} goes to {routes[i].Destination} on {routes[i].Carrier} as '{routes[i].Codec}', but no codec has that name; known: {string.Join(", ", known.Select(c => c.Name))}."
                );
            if (!used.Contains(codec))
                used.Add(codec);
            codecOfRoute[i] = used.IndexOf(codec);
        }
        _binding = new(routes, used, codecOfRoute);
    }

    /// <summary>Which of <see cref="Codecs"/> a route uses.</summary>
    internal int CodecOf(int route) => _binding.CodecOfRoute[route];

    /// <summary>The text form of a state's key.</summary>
    internal abstract string KeyOf(object state);

    /// <summary>The content fingerprint: over the Avro binary body in the contract's own schema, whatever the codecs are.</summary>
    internal abstract Fingerprint FingerprintOf(object state);

    /// <summary>Appends a state's body.</summary>
    internal abstract void Encode(object state, IStateCodec codec, IBufferWriter<byte> destination);

    private sealed record Binding(IReadOnlyList<Route> Routes, IReadOnlyList<IStateCodec> Codecs, int[] CodecOfRoute);
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

    internal override string KeyOf(object state) => Contract.KeyTextOf((TState)state);

    internal override Fingerprint FingerprintOf(object state) => ContentFingerprint.Of(Contract, (TState)state);

    internal override void Encode(object state, IStateCodec codec, IBufferWriter<byte> destination) =>
        codec.Encode(Contract, (TState)state, destination);
}
