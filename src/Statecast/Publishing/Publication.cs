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

    /// <summary>Which of the publication's editions goes there.</summary>
    internal int Edition { get; init; }
}

/// <summary>One contract that a source publishes, whatever supplies its states; in older majors besides, where it was told so.</summary>
public abstract class Publication
{
    private readonly List<Edition> _editions;
    private Fingerprint? _schema;

    // One object, so that a capture on another thread sees all of a binding or nothing.
    private volatile Binding _binding = new([], [], []);

    private protected Publication(Edition edition, PublicationOptions options)
    {
        _editions = [edition];
        Options = options;
    }

    /// <summary>The contract.</summary>
    public StateContract Contract => _editions[0].Contract;

    /// <summary>Its settings.</summary>
    public PublicationOptions Options { get; }

    /// <summary>Where its events go; empty until <see cref="Bind"/>.</summary>
    public IReadOnlyList<Route> Routes => _binding.Routes;

    /// <summary>The older majors that are written beside the contract.</summary>
    public IReadOnlyList<StateContract> Older => [.. _editions.Skip(1).Select(e => e.Contract)];

    /// <summary>The majors that are written, with one epoch and revision: the contract first, then the older ones.</summary>
    internal IReadOnlyList<Edition> Editions => _editions;

    /// <summary>What of the routes differs in its bytes: a state is encoded once for each.</summary>
    internal IReadOnlyList<Encoding> Encodings => _binding.Encodings;

    /// <summary>What a head says of the schema: that of the contract; of all majors that are written together, if there are several.</summary>
    internal Fingerprint Schema => _schema ??= Joined([.. _editions.Select(e => e.Contract.SchemaFingerprint)]);

    /// <summary>Says where the events go. Called once by the host, when the carriers are known; captures before it fail.</summary>
    /// <param name="routes">At least one.</param>
    /// <param name="codecs">The codecs that the routes name, found by <see cref="IStateCodec.Name"/>.</param>
    /// <exception cref="SourceException">There is no route, or a route names a codec that is not among them, or the contract has no patches and is to send some.</exception>
    public void Bind(IReadOnlyList<Route> routes, IEnumerable<IStateCodec> codecs)
    {
        if (routes.Count == 0)
            throw new SourceException($"{Contract.Name} has no carrier: add one (a Use… call), or name one with Via(…).");
        if (Options.Patches is { } patches)
        {
            if (!Contract.HasPatches)
                throw new SourceException(
                    $"{Contract.Name} is published with patches, but its contract has none: set Patches = true in [StateContract] of {Contract.StateType.Name}, or leave the patches out of its publication."
                );
            if (patches.FindProblem() is { } problem)
                throw new SourceException($"The patches of {Contract.Name}: {problem}");
        }
        var known = codecs.ToList();
        var used = new List<Encoding>();
        var encodingOfRoute = new int[routes.Count];
        for (var i = 0; i < routes.Count; i++)
        {
            var codec =
                known.Find(c => c.Name == routes[i].Codec)
                ?? throw new SourceException(
                    $"{Contract.Name} goes to {routes[i].Destination} on {routes[i].Carrier} as '{routes[i].Codec}', but no codec has that name; known: {string.Join(", ", known.Select(c => c.Name))}."
                );
            var encoding = new Encoding(routes[i].Edition, codec);
            if (!used.Contains(encoding))
                used.Add(encoding);
            encodingOfRoute[i] = used.IndexOf(encoding);
        }
        _binding = new(routes, used, encodingOfRoute);
    }

    /// <summary>Which of <see cref="Encodings"/> a route uses.</summary>
    internal int EncodingOf(int route) => _binding.EncodingOfRoute[route];

    /// <summary>The contract that a route carries.</summary>
    internal StateContract ContractOf(Route route) => _editions[route.Edition].Contract;

    /// <summary>
    /// Also writes an older major beside the contract, with the same epoch and revision. Called before <see cref="Bind"/>; from then on every
    /// <see cref="KeyState"/> holds the state in it as well.
    /// </summary>
    /// <exception cref="SourceException">It is no other major of the contract, or is written already.</exception>
    public void AlsoAs<TOlder>(StateContract<TOlder> contract)
        where TOlder : class
    {
        var older = new Edition<TOlder>(contract);
        if (older.Contract.Name != Contract.Name)
            throw new SourceException(
                $"{older.Contract.StateType.Name} is the contract '{older.Contract.Name}', and {Contract.StateType.Name} is '{Contract.Name}': only another version of the same contract is written beside it. Publish it by itself."
            );
        if (_editions.Exists(e => e.Contract.Major == older.Contract.Major))
            throw new SourceException($"{older.Contract.Destination} is written already: name each version once.");
        _editions.Add(older);
        _schema = null;
    }

    /// <summary>Why a state is not published whose body is larger than its options allow.</summary>
    /// <param name="edition">The major that it was encoded in.</param>
    /// <param name="key">The key.</param>
    /// <param name="size">The body's length in bytes.</param>
    /// <param name="codec">What it was encoded as.</param>
    /// <param name="elseDo">What else mends it, to end the sentence; empty if nothing does.</param>
    internal CaptureException TooLarge(Edition edition, string key, int size, string codec, string elseDo) =>
        new(
            Contract.Name,
            key,
            $"the event's body has {size:N0} bytes as {codec}; at most {Options.MaxEventBytes:N0} travel. Share less in {edition.Contract.StateType.Name}{elseDo}."
        );

    /// <summary>Several fingerprints as one: what a head keeps of all editions. One stays what it is.</summary>
    internal static Fingerprint Joined(ReadOnlySpan<Fingerprint> fingerprints)
    {
        if (fingerprints.Length == 1)
            return fingerprints[0];
        Span<byte> bytes = stackalloc byte[Fingerprint.Size * fingerprints.Length];
        for (var i = 0; i < fingerprints.Length; i++)
            fingerprints[i].Write(bytes[(i * Fingerprint.Size)..]);
        return Fingerprint.Of(bytes);
    }

    /// <summary>An edition's bytes.</summary>
    internal readonly record struct Encoding(int Edition, IStateCodec Codec);

    private sealed record Binding(IReadOnlyList<Route> Routes, IReadOnlyList<Encoding> Encodings, int[] EncodingOfRoute);
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

    /// <summary>
    /// How states travel as patches, for large states of which little changes at a time; null, the default, for full states only. Needs
    /// <see cref="StateContractAttribute.Patches"/> and carriers that take patches (<see cref="TransportAbilities.Patches"/>).
    /// </summary>
    public PatchOptions? Patches { get; set; }
}

/// <summary>A publication whose state type is known.</summary>
/// <param name="contract">The contract.</param>
/// <param name="options">Its settings.</param>
public sealed class Publication<TState>(StateContract<TState> contract, PublicationOptions options)
    : Publication(new Edition<TState>(contract), options)
    where TState : class
{
    /// <summary>The contract, with its type.</summary>
    public new StateContract<TState> Contract { get; } = contract;
}
