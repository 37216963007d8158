using Statecast.Publishing;

namespace Statecast.Transport;

/// <summary>What targets ask of a source: single keys, or ranges of a run (protocol section 7).</summary>
/// <param name="Destination">The destination that they read.</param>
/// <param name="Keys">The text forms of the keys whose full states they want.</param>
public sealed record StateRequest(string Destination, IReadOnlyList<string> Keys)
{
    /// <summary>Who asks, for people; null if it is not said.</summary>
    public string? Target { get; init; }

    /// <summary>The carrier's own address of the queue that the answer goes to, of that target alone and for one lane; null for an answer by the live lane. Ranges need one.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>The number of the live lane that the answer is about: of a range only the keys of this lane are said.</summary>
    public int Lane { get; init; }

    /// <summary>The run that the ranges are of.</summary>
    public Guid Run { get; init; }

    /// <summary>The ranges whose states they want, each between its marks.</summary>
    public IReadOnlyList<BucketRange> Ranges { get; init; } = [];

    /// <summary>Why, for people.</summary>
    public string? Reason { get; init; }
}
