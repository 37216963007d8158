using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Outbox;

/// <summary>A captured event for one destination.</summary>
public sealed record OutboxRow
{
    /// <summary>The row's number in the database; 0 before it is stored.</summary>
    public long Sequence { get; init; }

    /// <summary>The carrier's name, for example <c>sqlite</c>.</summary>
    public required string Carrier { get; init; }

    /// <summary>Destination and lane.</summary>
    public required LaneId Lane { get; init; }

    /// <summary>The number in its lane: null until the first claim, then for good.</summary>
    public long? LaneNumber { get; init; }

    /// <summary>The epoch: null until the first claim, then for good.</summary>
    public long? Epoch { get; init; }

    /// <summary>The lease under which it was claimed, which travels with the number at every try; null until claimed, and where a store does not keep it (then the sender's own is sent).</summary>
    public Guid? LeaseId { get; init; }

    /// <summary>The contract's name.</summary>
    public required string Contract { get; init; }

    /// <summary>The text form of the key.</summary>
    public required string Key { get; init; }

    /// <summary>The key's revision.</summary>
    public required long Revision { get; init; }

    /// <summary>What the event says about its key.</summary>
    public required StateOperation Operation { get; init; }

    /// <summary>For a <see cref="StateOperation.Patch"/> the revision that it was made from. Else 0.</summary>
    public long Base { get; init; }

    /// <summary>Causes, joined by commas; null for none.</summary>
    public string? Causes { get; init; }

    /// <summary>The name of the body's codec.</summary>
    public required string Codec { get; init; }

    /// <summary>The schema that the body was written in.</summary>
    public required Fingerprint Schema { get; init; }

    /// <summary>The fingerprint of the state; null for a delete.</summary>
    public Fingerprint? Content { get; init; }

    /// <summary>The encoded state, or patch; empty for a delete.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>W3C trace context of the capture, or null.</summary>
    public string? TraceParent { get; init; }

    /// <summary>W3C trace state of the capture, or null.</summary>
    public string? TraceState { get; init; }

    /// <summary>When the state was captured, UTC, in microseconds.</summary>
    public required DateTimeOffset CapturedAt { get; init; }

    /// <summary>Whether the contract asked that no revision is coalesced.</summary>
    public bool KeepEach { get; init; }
}
