namespace Statecast.Transport;

/// <summary>What a carrier can do.</summary>
public sealed record TransportAbilities
{
    /// <summary>Events stay after they were read: the newest of every key is there for a newcomer, and positions do the work of acknowledgements.</summary>
    public required bool Retained { get; init; }

    /// <summary>A record is appended only if the guard accepts it: the last record of a key is its newest revision by construction.</summary>
    public required bool ConditionalAppend { get; init; }

    /// <summary>A target can ask its source by message.</summary>
    public required bool RequestChannel { get; init; }

    /// <summary>The lanes of a destination unless configured: 8 on a log, 1 on a queue.</summary>
    public required int DefaultLanes { get; init; }

    /// <summary>The codec unless configured.</summary>
    public string DefaultCodec { get; init; } = "json";
}
