namespace Statecast.Simulation.Engine;

/// <summary>How often each thing worth testing really happened: a fault that silently does nothing must fail the suite.</summary>
internal sealed class Coverage
{
    private readonly long[] _counts = new long[Enum.GetValues<Event>().Length];

    public void Note(Event what) => _counts[(int)what]++;

    public long this[Event what] => _counts[(int)what];

    public void Add(Coverage other)
    {
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
    }

    public override string ToString() => string.Join(", ", Enum.GetValues<Event>().Select(e => $"{e} {this[e]}"));
}

/// <summary>What a run must have seen, over all seeds.</summary>
internal enum Event
{
    LateCommit,
    SequenceOutOfOrder,
    Rollback,
    SourceCrash,
    DeleteThenEqualContent,
    RelayCrash,
    RelaySlept,
    TakeOver,
    TakeOverWaited,
    LeaseLost,
    StoreFailedBefore,
    StoreAnswerLost,
    Coalesced,
    UnknownLanded,
    UnknownLost,
    SendFailed,
    LogRefused,
    LateLanding,
    ZombieHandOver,
    ZombieLast,
    ForeignMended,
    ReadBack,
    WakeLost,
    HeartbeatLost,
    Compacted,
    TargetCrash,
    TargetStoreFailed,
    LateTarget,
    LaneMoved,
    QueueDuplicate,
    QueueReorder,
    SourceClockJump,
    TargetClockJump,
    Corrupt,
    Unreadable,
    Republished,
    FreshnessKnown,
    BecameLive,
    PoisonedKey,
    ProcessDied,
    MemorySourceRestarted,
    MemorySourceRepublished,
    LogMadeAnew,
    Restored,
    RestoredTwice,
    RestoredUnderALivingRelay,
    WentBack,
    WentBackAfterALanding,
    LostTailLanded,
    OrphanDropped,
    PatchCaptured,
    PatchWaited,
    PatchLost,
    FullStateAskedFor,
    QuestionLost,
    QueueMade,
    QueueDeleted,
    MessageLost,
    RangesAsked,
    RangesAskedAgain,
    GapAskedFor,
    OrphanRemoved,
}
