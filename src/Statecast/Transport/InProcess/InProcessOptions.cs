namespace Statecast.Transport.InProcess;

/// <summary>Settings of the in-process carrier. Configuration section <c>Statecast:InProcess</c>.</summary>
public sealed class InProcessOptions
{
    /// <summary>When a publish without a database returns. Default <see cref="InProcessMode.Synchronous"/>.</summary>
    public InProcessMode Mode { get; set; } = InProcessMode.Synchronous;

    /// <summary>
    /// With a database as source: the most bytes, counted as encoded, of states that wait between their capture and their event's send, at least 0. Default
    /// 64 MiB. What no longer fits is decoded from the outbox.
    /// </summary>
    public long MaxHeldBytes { get; set; } = 64 << 20;

    internal string? FindProblem() =>
        !Enum.IsDefined(Mode) ? $"{nameof(Mode)} is {(int)Mode}: allowed are {string.Join(" and ", Enum.GetNames<InProcessMode>())}."
        : MaxHeldBytes < 0 ? $"{nameof(MaxHeldBytes)} is {MaxHeldBytes}: at least 0 is needed."
        : null;
}

/// <summary>When a publish without a database returns.</summary>
public enum InProcessMode
{
    /// <summary>When the replica here has applied the state and its handlers have run once; what they threw reaches the caller, and the state stays applied.</summary>
    Synchronous,

    /// <summary>When the event is accepted; handlers run after, and what they throw is tried again.</summary>
    Queued,
}
