using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>What happened outside, told to a <see cref="RelayMachine"/>. An answer names the command that it answers.</summary>
internal abstract record RelayInput
{
    /// <summary>The relay begins.</summary>
    public sealed record Started : RelayInput;

    /// <summary>Time passed.</summary>
    public sealed record Tick : RelayInput;

    /// <summary>The database may hold new rows.</summary>
    public sealed record Woken : RelayInput;

    /// <summary>The relay is to end: finish what is under way, claim nothing more.</summary>
    public sealed record StopRequested : RelayInput;

    /// <summary>What is under way is waited for no longer: give the lease back now, if what may still land does no harm.</summary>
    public sealed record DrainEnded : RelayInput;

    /// <summary>The answer to <see cref="RelayCommand.Acquire"/>; null while another relay holds the lease.</summary>
    public sealed record LeaseAnswered(long Command, LeaseGrant? Grant) : RelayInput;

    /// <summary>The answer to <see cref="RelayCommand.Read"/>.</summary>
    public sealed record OutboxRead(long Command, OutboxSnapshot Snapshot) : RelayInput;

    /// <summary>The answer to <see cref="RelayCommand.Commit"/>; not held means that nothing was changed.</summary>
    public sealed record Committed(long Command, bool Held) : RelayInput;

    /// <summary>The answer to <see cref="RelayCommand.Release"/>.</summary>
    public sealed record Released(long Command) : RelayInput;

    /// <summary>The answer to <see cref="RelayCommand.Look"/>.</summary>
    public sealed record Looked(long Command, IReadOnlyList<SentMark> Marks) : RelayInput;

    /// <summary>The answer to <see cref="RelayCommand.Send"/>: one outcome per event, in order, and what the carrier remembers afterwards; empty where that could not be told.</summary>
    public sealed record SendEnded(long Command, IReadOnlyList<SendOutcome> Outcomes, IReadOnlyList<SentMark> Marks) : RelayInput;

    /// <summary>The answer to <see cref="RelayCommand.ReadEnds"/>, with what the carrier remembers.</summary>
    public sealed record EndsRead(long Command, IReadOnlyList<LaneEnd> Ends, IReadOnlyList<SentMark> Marks) : RelayInput;

    /// <summary>The answer to <see cref="RelayCommand.ReadBack"/>.</summary>
    public sealed record ReadBackEnded(long Command, IReadOnlyList<LogRecord> Records) : RelayInput;

    /// <summary>The answer to <see cref="RelayCommand.SendHeartbeat"/>.</summary>
    public sealed record HeartbeatSent(long Command) : RelayInput;

    /// <summary>Any command ended in an exception. Whether it took effect is not known.</summary>
    public sealed record CommandFailed(long Command, string Reason) : RelayInput;
}
