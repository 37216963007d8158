using Statecast.Events;

namespace Statecast.Outbox;

/// <summary>What a <see cref="RelayMachine"/> wants done. Commands to the store come one at a time; the others may overlap.</summary>
internal abstract record RelayCommand
{
    /// <summary>Try to take the lease.</summary>
    public sealed record Acquire(long Id, LeaseRequest Request) : RelayCommand;

    /// <summary>Read the outbox.</summary>
    public sealed record Read(long Id, OutboxQuery Query) : RelayCommand;

    /// <summary>Change the outbox, if the lease is still held.</summary>
    public sealed record Commit(long Id, OutboxCommit Change) : RelayCommand;

    /// <summary>Give the lease back.</summary>
    public sealed record Release(long Id, string Shard, Guid LeaseId) : RelayCommand;

    /// <summary>Ask what the carrier remembers of the source.</summary>
    public sealed record Look(long Id, IReadOnlyCollection<LaneId> Lanes) : RelayCommand;

    /// <summary>Send events. The order of these commands is the order of sending.</summary>
    public sealed record Send(long Id, IReadOnlyList<StateEvent> Events) : RelayCommand;

    /// <summary>Ask where the lanes end.</summary>
    public sealed record ReadEnds(long Id, IReadOnlyCollection<LaneId> Lanes) : RelayCommand;

    /// <summary>Read records of a log back.</summary>
    public sealed record ReadBack(long Id, LaneId Lane, long From, long End) : RelayCommand;

    /// <summary>Say the source's word.</summary>
    public sealed record SendHeartbeat(long Id, Heartbeat Heartbeat) : RelayCommand;

    /// <summary>Tell people that something changed. Has no answer.</summary>
    public sealed record Notice(RelayNotice Kind, string Subject, string Detail) : RelayCommand;

    /// <summary>Nothing more to do until something is answered, the database wakes the relay, or this time. Always the last command; replaces the one before.</summary>
    /// <param name="Until">In the machine's time.</param>
    /// <param name="StoreIdle">Whether the store may be asked to wait for new rows meanwhile: no command to it is under way.</param>
    public sealed record WaitUntil(TimeSpan Until, bool StoreIdle) : RelayCommand;
}

/// <summary>A change that people may want to know of. Said once per change, not once per try.</summary>
internal enum RelayNotice
{
    /// <summary>This relay now sends for the shard.</summary>
    LeaseAcquired,

    /// <summary>Another relay holds the lease; this one stands by.</summary>
    StandingBy,

    /// <summary>The earlier holder's lease ran out; its last sends are waited for.</summary>
    TakeOverWait,

    /// <summary>The lease or the counter is no longer what this relay remembers.</summary>
    LeaseLost,

    /// <summary>The lease was given back.</summary>
    LeaseReleased,

    /// <summary>The database does not answer.</summary>
    StoreFailing,

    /// <summary>The database answers again.</summary>
    StoreRecovered,

    /// <summary>The carrier does not take a lane's events.</summary>
    LaneBlocked,

    /// <summary>It takes them again.</summary>
    LaneRecovered,

    /// <summary>One event is refused again and again; its key waits, its lane goes on.</summary>
    EventRefused,

    /// <summary>Ends, heartbeats or read-back fail.</summary>
    HeartbeatFailing,

    /// <summary>Heartbeats are said again.</summary>
    HeartbeatRecovered,

    /// <summary>A record that this relay did not send lies above a newer one of its key; the key is sent again.</summary>
    ForeignRecord,

    /// <summary>A log holds nothing of what was sent before, or lost a part of it: everything is said again.</summary>
    LogMadeAnew,

    /// <summary>Rows of a lane that this relay does not know stay in the outbox.</summary>
    UnknownLane,

    /// <summary>The carrier cannot tell what it remembers of the source: nothing is sent before it can.</summary>
    LookFailing,

    /// <summary>It tells again.</summary>
    LookRecovered,

    /// <summary>The source's database went back: everything is said again under a new epoch.</summary>
    WentBack,
}
