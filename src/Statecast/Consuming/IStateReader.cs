using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;

namespace Statecast.Consuming;

/// <summary>What the planner needs to know of a body, without knowing its type.</summary>
public interface IStateReader
{
    /// <summary>Reads an event that carries a state: the row's index entries, or why it cannot be applied. Never throws for what the event or user code does.</summary>
    StateInspection Inspect(StateEvent stateEvent);

    /// <summary>
    /// Applies a patch to the state that it was made from, and compares what comes out with the fingerprint that it carries. Only in this service's own shape of the
    /// contract: in another the fingerprint would prove nothing. Never throws for what the patch does.
    /// </summary>
    /// <param name="before">The state of the patch's base.</param>
    /// <param name="patch">The patch.</param>
    PatchedState Patch(StoredBody before, StateEvent patch);

    /// <summary>The fingerprint of a stored state in this service's own shape of the contract, so that states of two schema versions compare; null if it cannot be read.</summary>
    Fingerprint? OwnFingerprint(StoredBody body);
}

/// <summary>What a patch makes.</summary>
/// <param name="Full">The Upsert that it stands for, with its body in the patch's codec; null if there is none.</param>
/// <param name="Defect">Why there is none.</param>
public readonly record struct PatchedState(StateEvent? Full, string? Defect);

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
