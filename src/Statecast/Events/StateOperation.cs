namespace Statecast.Events;

/// <summary>What an event says about its key. The values are stored and sent: never renumber them.</summary>
public enum StateOperation : byte
{
    /// <summary>The key has this complete new state.</summary>
    Upsert = 1,

    /// <summary>The key is gone. No body.</summary>
    Delete = 2,

    /// <summary>What makes the state of that of a base revision (<see cref="StateEvent.Base"/>). Applied to that one alone.</summary>
    Patch = 3,

    /// <summary>The complete state said again, not a change: an equal revision replaces, handlers stay silent unless the state differs.</summary>
    Snapshot = 4,

    /// <summary>No state: a range of a run begins (<see cref="RangeMark"/>). Only on a snapshot lane.</summary>
    RangeBegin = 5,

    /// <summary>No state: a range of a run ends (<see cref="RangeMark"/>). Only on a snapshot lane.</summary>
    RangeEnd = 6,
}
