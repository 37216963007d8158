using System.Collections.Concurrent;
using Statecast.Hosting;
using Statecast.Serialization;

namespace Statecast.Transport.InProcess;

/// <summary>
/// Hands states along within this process. A retained log in memory, like any other log to those above it: the newest event of every key, appended by the guard,
/// under an incarnation of its own. After a restart it is empty; a relay finds that out by the incarnation, has everything said again, and no replica is
/// Live before that ended.
/// </summary>
/// <param name="options">Its settings.</param>
/// <param name="codecs">For targets that keep bytes, by name.</param>
/// <param name="entropy">Draws incarnations.</param>
internal sealed class InProcessTransport(InProcessOptions options, IReadOnlyDictionary<string, IStateCodec> codecs, IEntropy entropy)
    : ITransport
{
    public const string CarrierName = "in-process";

    private readonly ConcurrentDictionary<string, InProcessDestination> _destinations = new(StringComparer.Ordinal);
    private readonly StateObjects _objects = new(options.MaxHeldBytes);

    public string Carrier { get; init; } = CarrierName;

    // What the log itself lost its relay asks the republisher for; a target asks for the full state that a patch lacks.
    public TransportAbilities Abilities { get; } =
        new()
        {
            Retained = true,
            ConditionalAppend = true,
            RequestChannel = true,
            Patches = true,
            DefaultLanes = 1,
        };

    public IStateRequests Requests { get; } = new InProcessRequests();

    StateObjects ITransport.Objects => _objects;

    public InProcessOptions Options => options;

    /// <summary>States that wait for their events.</summary>
    public StateObjects Objects => _objects;

    public ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        foreach (var destination in options.Destinations)
            Find(destination.Contract.Destination).Declare(options.Source, destination.Lanes, entropy);
        return new(new InProcessSender(this));
    }

    public ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var bodies = options.TakesObjects ? null : new InProcessBodies(options.Contract, codecs);
        return new(new InProcessReceiver(Find(options.Contract.Destination), bodies, options.MaxBytes));
    }

    /// <summary>A destination, whether a source declared it yet or not: a target may be there first.</summary>
    public InProcessDestination Find(string destination) =>
        _destinations.GetOrAdd(destination, static name => new InProcessDestination(name));
}
