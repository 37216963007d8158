using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;

namespace Statecast.Consuming;

/// <summary>What the planner needs to know of a body, without knowing its type.</summary>
public interface IStateReader
{
    /// <summary>Reads an event that carries a state: the row's index entries, or why it cannot be applied. Never throws for what the event or user code does.</summary>
    StateInspection Inspect(StateEvent stateEvent);

    /// <summary>The fingerprint of a stored state in this service's own shape of the contract, so that states of two schema versions compare; null if it cannot be read.</summary>
    Fingerprint? OwnFingerprint(StoredBody body);
}

/// <summary>What reading an event showed.</summary>
/// <param name="Defect">Why the event cannot be applied; null if it can.</param>
/// <param name="Entries">The row's index entries.</param>
public readonly record struct StateInspection(string? Defect, IReadOnlyList<IndexEntry> Entries)
{
    /// <summary>A state that can be applied.</summary>
    public static StateInspection Readable(IReadOnlyList<IndexEntry> entries) => new(null, entries);

    /// <summary>The state, so that a store that keeps objects need not read it again; null where the reader does not show it.</summary>
    public object? State { get; init; }

    /// <summary>A state that cannot.</summary>
    public static StateInspection Unreadable(string defect) => new(defect, []);

    /// <summary>A state that the replica's contract does not fit.</summary>
    internal static StateInspection Misfit(string defect) => new(defect, []) { IsMisfit = true };

    /// <summary>Whether it is the contract or its shape that does not fit.</summary>
    internal bool IsMisfit { get; private init; }
}
