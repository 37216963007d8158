namespace Statecast.Events;

/// <summary>What an event says about its key. The values are stored and sent: never renumber them.</summary>
public enum StateOperation : byte
{
    /// <summary>The key has this complete new state.</summary>
    Upsert = 1,

    /// <summary>The key is gone. No body.</summary>
    Delete = 2,

    /// <summary>What makes the state of that of a base revision (<see cref="StateEvent.Base"/>). Reserved: nothing sends it yet, and a target parks it.</summary>
    Patch = 3,

    /// <summary>The complete state said again, not a change: an equal revision replaces, handlers stay silent unless the state differs.</summary>
    Snapshot = 4,
}
