using Statecast.Serialization;

namespace Statecast.Events;

/// <summary>The envelope: one state of one key, ready to be sent, or as received. <c>docs/wire.md</c> maps it to CloudEvents attributes.</summary>
public sealed record StateEvent
{
    /// <summary>The contract's name.</summary>
    public required string Contract { get; init; }

    /// <summary>Destination and lane; of what answers one target alone its snapshot lane (<see cref="SnapshotLane"/>).</summary>
    public required LaneId Lane { get; init; }

    /// <summary>The text form of the key.</summary>
    public required string Key { get; init; }

    /// <summary>Epoch and revision.</summary>
    public required StateRevision Revision { get; init; }

    /// <summary>What the event says about its key.</summary>
    public required StateOperation Operation { get; init; }

    /// <summary>For a <see cref="StateOperation.Patch"/> the number of the revision that it was made from, in the same epoch: it is applied to that one alone. Else 0.</summary>
    public long Base { get; init; }

    /// <summary>Causes in the order they were given, joined by commas (see <see cref="Events.Causes"/>); null for none.</summary>
    public string? Causes { get; init; }

    /// <summary>The name of the body's codec, for example <c>json</c>.</summary>
    public required string Codec { get; init; }

    /// <summary>The fingerprint of the schema that the body was written in.</summary>
    public required Fingerprint Schema { get; init; }

    /// <summary>The fingerprint of the state; null for <see cref="StateOperation.Delete"/>.</summary>
    public Fingerprint? Content { get; init; }

    /// <summary>The encoded state, or patch, without framing; empty for <see cref="StateOperation.Delete"/>.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The state itself, where a carrier within this process hands it along; the body may then be empty. Null where only the body says it. Never sent.</summary>
    public object? State { get; init; }

    /// <summary>When the state was captured, UTC, in microseconds. Shown, never used for order.</summary>
    public required DateTimeOffset CapturedAt { get; init; }

    /// <summary>The owning service.</summary>
    public required string Source { get; init; }

    /// <summary>The sender's lease id: with <see cref="LaneNumber"/> it tells a line of numbers from another's.</summary>
    public Guid LeaseId { get; init; }

    /// <summary>The number of this event in its lane, kept across re-sends.</summary>
    public long LaneNumber { get; init; }

    /// <summary>W3C trace context of the capture, or null.</summary>
    public string? TraceParent { get; init; }

    /// <summary>W3C trace state of the capture, or null.</summary>
    public string? TraceState { get; init; }

    /// <summary>Whether it is no event of a key, but begins or ends a range of a run.</summary>
    public bool IsMark => Operation >= StateOperation.RangeBegin;

    /// <summary>Whether the event carries no state.</summary>
    public bool IsDelete => Operation == StateOperation.Delete;

    /// <summary>What is known of the key once this is its newest.</summary>
    internal KeyNewest Newest => new(Revision, IsDelete, Content);
}
