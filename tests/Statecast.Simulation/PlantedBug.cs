using Statecast.Consuming;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Replicas;
using Statecast.Simulation.Checks;
using Statecast.Transport;

namespace Statecast.Simulation;

/// <summary>A bug, planted by replacing one rule, and the checkers of which one must notice it.</summary>
internal sealed record PlantedBug(string Name, SimRules Rules, params string[] Checkers)
{
    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("rows of a rollback stay", SimRules.Protocol with { RowsLeft = (_, rows) => rows }, Checker.Atomic),
        new(
            "a row of a commit is lost",
            SimRules.Protocol with
            {
                RowsLeft = (committed, rows) => committed ? rows.SkipLast(rows.Count > 1 ? 1 : 0) : [],
            },
            Checker.Atomic
        ),
        new("what may follow is written unseen", SimRules.Protocol with { FollowsBlindly = true }, Checker.NeverBackwards),
        new("guard removed", Apply(r => r with { Guard = new NoGuard() }), Checker.NeverBackwards),
        new(
            "acknowledge before commit",
            Apply(r => r with { Order = (plan, delivery) => [new ApplyCommand.Acknowledge(delivery), new ApplyCommand.Commit(plan)] }),
            Checker.EffectsOnce
        ),
        new("position before rows", Apply(r => r with { Order = PositionFirst }), Checker.EffectsOnce),
        new("tombstone forgotten", Apply(r => r with { Tombstone = row => row with { Revision = default } }), Checker.DeletesHold),
        new(
            "unknown send taken as sent",
            Relay(() =>
                RelayRules.Protocol with
                {
                    Judge = result => result == SendResult.Failed ? SendVerdict.SendLater : SendVerdict.Done,
                }
            ),
            Checker.NothingSkipped
        ),
        new(
            "no wait at take-over",
            Relay(() => RelayRules.Protocol with { TakeOverWait = (_, _, _) => TimeSpan.Zero }),
            Checker.CompactionSafe
        ),
        new("lease not checked before a send", Relay(() => RelayRules.Protocol with { MaySend = _ => true }), Checker.CompactionSafe),
        new(
            "no read-back of foreign records",
            Relay(() => RelayRules.Protocol with { NeedsMending = (_, _) => false }),
            Checker.CompactionSafe
        ),
        new("heartbeat by capture time", Relay(CaptureClock), Checker.HonestFreshness),
        new(
            "heartbeat with the later clock",
            Relay(() =>
                RelayRules.Protocol with
                {
                    HeartbeatClock = look => RelayRules.Protocol.HeartbeatClock(look) is null ? null : look.Later.Clock,
                }
            ),
            Checker.HonestFreshness
        ),
        new(
            "heartbeat forgets what was swallowed",
            Relay(() =>
                RelayRules.Protocol with
                {
                    HeartbeatClock = look => RelayRules.Protocol.HeartbeatClock(look with { Owing = false }),
                }
            ),
            Checker.HonestFreshness
        ),
        new(
            "Live at the end seen at the start",
            Apply(r => r with { PassComplete = pass => pass.Next >= pass.EndAtOpen, EndReached = (pass, end) => pass.Next >= end }),
            Checker.HonestFreshness
        ),
        new(
            "content compared without the deleted flag",
            SimRules.Protocol with
            {
                Save = (head, now) =>
                    head.Content == now.Content
                        ? new(false, head.Revision, StateOperation.Upsert)
                        : new(true, head.Revision + 1, now.Deleted ? StateOperation.Delete : StateOperation.Upsert),
            },
            Checker.Converges
        ),
        new("a refused event stops its relay", Relay(StopAtRefused), Checker.OwnKeyOnly),
        new(
            "a bad event takes its batch along",
            Apply(r =>
                r with
                {
                    Order = (plan, delivery) =>
                        plan.Park.Count > 0 ? [new ApplyCommand.Commit(new())] : ApplyRules.Default.Order(plan, delivery),
                }
            ),
            Checker.OwnKeyOnly
        ),
        new("a log in memory keeps its incarnation", SimRules.Protocol with { LogKeepsIncarnation = true }, Checker.HonestFreshness),
        new(
            "a source without a database keeps its epoch",
            SimRules.Protocol with
            {
                NewEpoch = (clock, seen) => seen == 0 ? clock : seen,
            },
            Checker.NothingSkipped,
            Checker.GoingBack
        ),
        new(
            "a source without a database believes its clock",
            SimRules.Protocol with
            {
                NewEpoch = (clock, _) => clock,
            },
            Checker.NothingSkipped,
            Checker.GoingBack
        ),
        new("no floor", Relay(() => RelayRules.Protocol with { Floor = (_, _) => default }), Checker.HonestFreshness),
        new(
            "floor in one lane only",
            Relay(() =>
                RelayRules.Protocol with
                {
                    Floor = (lease, lane) => lane.Id.Number == 0 ? RelayRules.Protocol.Floor(lease, lane) : default,
                }
            ),
            Checker.HonestFreshness
        ),
        new(
            "the transport is looked at after the acquisition only",
            Relay(() =>
                RelayRules.Protocol with
                {
                    IsForeign = look => look.Moment == LookMoment.Acquired && RelayRules.Protocol.IsForeign(look),
                }
            ),
            Checker.Converges
        ),
        new(
            "no lease id",
            Relay(() =>
                RelayRules.Protocol with
                {
                    IsForeign = look =>
                        RelayRules.Protocol.IsForeign(look) && !(look.Mark.Epoch == look.Epoch && look.Mark.Number < look.NextNumber),
                }
            ),
            Checker.Converges
        ),
        new(
            "a lease in a copy is kept",
            Relay(() => RelayRules.Protocol with { StillHolds = (standing, lease) => standing.LeaseId == lease.Id }) with
            {
                Holds = (commit, standing) => standing.LeaseId == commit.LeaseId,
            },
            Checker.Converges,
            Checker.HonestFreshness
        ),
        new(
            "the last number of the line counts as foreign",
            Relay(() =>
                RelayRules.Protocol with
                {
                    IsForeign = look =>
                        RelayRules.Protocol.IsForeign(look) || (look.Mark.Epoch == look.Epoch && look.Mark.Number == look.NextNumber - 1),
                }
            ),
            Checker.GoingBack
        ),
        new("a patch's base unchecked", Apply(r => r with { IsBase = (newest, _) => newest is { Deleted: false } }), Checker.Atomic),
        new("newest patch wins", Apply(r => r with { UsefulPatches = patches => patches.TakeLast(1).ToList() }), Checker.EffectsOnce),
        new(
            "a patch drops a patch",
            Relay(() => RelayRules.Protocol with { MayCoalesce = (older, later) => !older.KeepEach && !later.KeepEach }),
            Checker.NothingSkipped
        ),
        new(
            "a number changes when it is sent again",
            SimRules.Protocol with
            {
                RenumbersResends = true,
            },
            Checker.NothingSkipped,
            Checker.GoingBack
        ),
        new("a heartbeat counts before its numbers", Apply(r => r with { WordCounts = _ => true }), Checker.HonestFreshness),
        new(
            "orphans without a cut",
            Apply(r => r with { IsOrphan = (sweep, row) => row.OwnNumber <= sweep.RangeOf(row.Key).Begin }),
            Checker.NeverBackwards
        ),
        new("a range is read before its begin", SimRules.Protocol with { ReadsBeforeBegin = true }, Checker.NeverBackwards),
        new(
            "an end counts without its numbers",
            Apply(r => r with { EndCounts = _ => true }),
            Checker.NeverBackwards,
            Checker.HonestFreshness
        ),
        new("a queue is bound after the request", SimRules.Protocol with { BindsLate = true }, Checker.NothingSkipped),
        new(
            "an orphan's tombstone keeps the orphan's revision",
            Apply(r =>
                r with
                {
                    Tombstone = row => row.Revision.Number == 0 ? row with { Revision = row.Revision with { Number = 3 } } : row,
                }
            ),
            Checker.Atomic,
            Checker.Converges
        ),
        new("a kept revision is coalesced", Relay(() => RelayRules.Protocol with { MayCoalesce = (_, _) => true }), Checker.NothingSkipped),
    ];

    public override string ToString() => Name;

    private static SimRules Apply(Func<ApplyRules, ApplyRules> change) => SimRules.Protocol with { Apply = change(ApplyRules.Default) };

    private static SimRules Relay(Func<RelayRules> rules) => SimRules.Protocol with { Relay = rules };

    private static IReadOnlyList<ApplyCommand> PositionFirst(ReplicaPlan plan, Delivery delivery)
    {
        var positions = new ReplicaPlan();
        positions.Positions.AddRange(plan.Positions);
        plan.Positions.Clear();
        return [new ApplyCommand.Commit(positions), new ApplyCommand.Commit(plan), new ApplyCommand.Acknowledge(delivery)];
    }

    // "Everything captured up to the newest row that was read is on its way": true of capture times only if nothing commits late.
    private static RelayRules CaptureClock()
    {
        DateTimeOffset? newest = null;
        return RelayRules.Protocol with
        {
            HeartbeatClock = look =>
            {
                foreach (var row in look.Later.Rows)
                    if (newest is null || row.CapturedAt > newest)
                        newest = row.CapturedAt;
                return newest;
            },
        };
    }

    // One queue for all keys, whose head must go first.
    private static RelayRules StopAtRefused()
    {
        var stopped = false;
        return RelayRules.Protocol with
        {
            Judge = result =>
            {
                stopped |= result == SendResult.Failed;
                return RelayRules.Protocol.Judge(result);
            },
            MaySend = check => !stopped && RelayRules.Protocol.MaySend(check),
        };
    }

    private sealed class NoGuard : IGuard
    {
        public GuardVerdict Judge(KeyNewest? newest, StateEvent incoming, long floorEpoch) => GuardVerdict.Accept;
    }
}
