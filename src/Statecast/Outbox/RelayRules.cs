using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Outbox;

/// <summary>What becomes of a row after its send ended.</summary>
internal enum SendVerdict
{
    /// <summary>The carrier has it, or a newer one: the row is deleted.</summary>
    Done,

    /// <summary>It may be there or not: sent again with the same number.</summary>
    SendAgain,

    /// <summary>It is not there: sent again after a wait.</summary>
    SendLater,
}

/// <summary>What the check before a send looks at.</summary>
/// <param name="Now">The relay's time.</param>
/// <param name="LeaseEnds">When the lease ends at the earliest: counted from before it was asked for.</param>
/// <param name="Abilities">What the carrier can do.</param>
/// <param name="DeliveryTimeout">How long a send may still be on its way.</param>
internal readonly record struct SendCheck(TimeSpan Now, TimeSpan LeaseEnds, TransportAbilities Abilities, TimeSpan DeliveryTimeout);

/// <summary>What a heartbeat in the making looks at.</summary>
/// <param name="First">The snapshot that its clock was read before.</param>
/// <param name="Later">The newest one, perhaps the same.</param>
/// <param name="Owing">Whether a row that swallowed one of the first snapshot's is not confirmed yet.</param>
internal readonly record struct HeartbeatLook(OutboxSnapshot First, OutboxSnapshot Later, bool Owing);

/// <summary>
/// The relay's decisions that the protocol fixes, as replaceable parts: a test plants a broken one and proves that a checker notices.
/// The defaults are the protocol's.
/// </summary>
internal sealed record RelayRules
{
    /// <summary>The protocol's rules.</summary>
    public static RelayRules Protocol { get; } = new();

    /// <summary>Whether an unclaimed older row may be dropped in favour of a later one of its key and destination.</summary>
    public Func<OutboxRow, OutboxRow, bool> MayCoalesce { get; init; } = CoalesceIntoFullState;

    /// <summary>Whether a batch may be handed to the carrier now.</summary>
    public Func<SendCheck, bool> MaySend { get; init; } = LeaseOutlivesDelivery;

    /// <summary>How long a new holder waits before its first send.</summary>
    public Func<LeaseGrant, TransportAbilities, TimeSpan, TimeSpan> TakeOverWait { get; init; } = WaitForEarlierHolder;

    /// <summary>What becomes of a row.</summary>
    public Func<SendResult, SendVerdict> Judge { get; init; } = KeepUnlessConfirmed;

    /// <summary>The clock that may be said as "everything committed before this is sent"; null for not yet.</summary>
    public Func<HeartbeatLook, DateTimeOffset?> HeartbeatClock { get; init; } = ClockBeforeSnapshot;

    /// <summary>Whether a record that this holder did not confirm means that its key must be sent again; the newest revision is null if this holder does not know it.</summary>
    public Func<LogRecord, StateRevision?, bool> NeedsMending { get; init; } = BelowNewestOrUnknown;

    /// <summary>Whether the carrier remembers something that the source's database did not send: it went back.</summary>
    public Func<LookedAt, bool> IsForeign { get; init; } = AboveOrUnknown;

    /// <summary>Whether the lease that the database shows is the one that its holder remembers.</summary>
    public Func<LeaseStanding, RelayLease, bool> StillHolds { get; init; } = SameLeaseAndCounter;

    /// <summary>The floor that a heartbeat states for a lane, once everything was said under the epoch.</summary>
    public Func<RelayLease, RelayLane, LaneFloor> Floor { get; init; } = EpochOfTheLease;

    /// <summary>Section 8: a patch is dropped only for a full state or a Delete; who asked for every revision gets every revision.</summary>
    private static bool CoalesceIntoFullState(OutboxRow older, OutboxRow later) =>
        !older.KeepEach && !later.KeepEach && later.Operation != StateOperation.Patch;

    /// <summary>
    /// Section 5: without conditional append a record that lands after the lease ended could bury a newer one, so the lease must outlive the delivery time-out.
    /// </summary>
    private static bool LeaseOutlivesDelivery(SendCheck check) =>
        check.Abilities.ConditionalAppend ? check.Now < check.LeaseEnds : check.Now + check.DeliveryTimeout < check.LeaseEnds;

    /// <summary>Section 5: what the earlier holder handed over before its lease ended has landed, or is gone, after the delivery time-out.</summary>
    private static TimeSpan WaitForEarlierHolder(LeaseGrant grant, TransportAbilities abilities, TimeSpan deliveryTimeout) =>
        grant.TakenOver && !abilities.ConditionalAppend ? deliveryTimeout : TimeSpan.Zero;

    private static SendVerdict KeepUnlessConfirmed(SendResult result) =>
        result switch
        {
            SendResult.Confirmed or SendResult.Refused => SendVerdict.Done,
            SendResult.Failed => SendVerdict.SendLater,
            _ => SendVerdict.SendAgain,
        };

    /// <summary>
    /// Section 3: the clock was read before the first snapshot, so every change committed before it is in that snapshot or was confirmed earlier.
    /// When no row at or below its highest sequence is left, all of them are confirmed, or swallowed by later ones that must be confirmed too.
    /// Rows that committed late under a lower sequence only delay the word.
    /// </summary>
    private static DateTimeOffset? ClockBeforeSnapshot(HeartbeatLook look) =>
        look.Later.LowestSequence is not { } lowest || (lowest > (look.First.HighestSequence ?? 0) && !look.Owing)
            ? look.First.Clock
            : null;

    /// <summary>
    /// Section 6. Without the lease ids a number that a lost holder sent would look like one of ours. What lies below our epoch is the business of the floor.
    /// </summary>
    private static bool AboveOrUnknown(LookedAt look) =>
        look.Mark.Epoch > look.Epoch || (look.Mark.Epoch == look.Epoch && (look.Mark.Number >= look.NextNumber || !look.IsOfTheLine));

    /// <summary>Section 6: a lease that stands in a copy is no lease.</summary>
    private static bool SameLeaseAndCounter(LeaseStanding standing, RelayLease lease) =>
        standing == new LeaseStanding(lease.Id, lease.Counter, lease.Epoch);

    /// <summary>
    /// Section 6. Everything was said under the epoch once the first republish under it ended, so every source states one, whether or not it went back:
    /// a database that was made anew leaves nothing of its predecessor at its targets either.
    /// </summary>
    private static LaneFloor EpochOfTheLease(RelayLease lease, RelayLane lane) =>
        new(lease.Epoch, lane.Line.Count > 0 ? lane.Line[0].FirstNumber : 1);

    /// <summary>Section 5. Not knowing is treated as below: a new holder cannot tell the earlier one's last record from a sleeper's.</summary>
    private static bool BelowNewestOrUnknown(LogRecord record, StateRevision? newest) => newest is not { } known || record.Revision < known;
}
