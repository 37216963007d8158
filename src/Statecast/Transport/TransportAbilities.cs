namespace Statecast.Transport;

/// <summary>What a carrier can do.</summary>
public sealed record TransportAbilities
{
    /// <summary>Events stay after they were read: the newest of every key is there for a newcomer, and positions do the work of acknowledgements.</summary>
    public required bool Retained { get; init; }

    /// <summary>A record is appended only if the guard accepts it: the last record of a key is its newest revision by construction.</summary>
    public required bool ConditionalAppend { get; init; }

    /// <summary>A target can ask its source by message (<see cref="ITransport.Requests"/>).</summary>
    public required bool RequestChannel { get; init; }

    /// <summary>
    /// It carries patches: nothing that it keeps gives way to a patch, so that whoever reads it, now or later, finds a patch's base before it. A log that keeps a
    /// key's last record alone cannot. False unless declared.
    /// </summary>
    public bool Patches { get; init; }

    /// <summary>The lanes of a destination unless configured: 8 on a log, 1 on a queue.</summary>
    public required int DefaultLanes { get; init; }

    /// <summary>Instances of a target can share a destination's lanes, each with a replica store of its own; by default each has them all.</summary>
    public bool SharesLanes { get; init; }

    /// <summary>
    /// How many events a relay has claimed and not seen confirmed at most, unless configured: enough that the carrier is busy while confirmations are on their
    /// way. 2,000 unless declared.
    /// </summary>
    public int InFlightEvents { get; init; } = 2_000;

    /// <summary>The codec unless configured.</summary>
    public string DefaultCodec { get; init; } = "json";
}
