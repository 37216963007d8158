using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;

namespace Statecast.Consuming;

/// <summary>
/// Decides what a batch writes: newest revision per key wins inside the batch, the guard decides against the stored row, what cannot be applied is parked.
/// Pure: everything it needs is loaded before.
/// </summary>
/// <param name="layout">The replica.</param>
/// <param name="reader">Reads bodies.</param>
/// <param name="rules">The rules.</param>
/// <param name="replay">A bit per handler that asked for the bootstrap's states and for unchanged Snapshots.</param>
/// <param name="waiting">How many patches may wait; null for the defaults.</param>
/// <param name="keepsStates">Whether handlers or a store of objects want what reading a body ahead made of it.</param>
/// <param name="peek">Judges by the envelope where bodies are decoded by their first reader; null where they are decoded here. What was parked is decoded in any case.</param>
public sealed class ApplyPlanner(
    ReplicaLayout layout,
    IStateReader reader,
    ApplyRules rules,
    long replay = 0,
    Func<StateEvent, StateInspection>? peek = null,
    WaitingLimits? waiting = null,
    bool keepsStates = true
)
{
    private readonly PatchPlanner _patches = new(reader, rules, waiting ?? WaitingLimits.Default);
    private readonly int _major = StateContract.MajorOf(layout.Name);
    private readonly PlainSuccessors _successors = new(layout, rules, peek);

    /// <summary>Whether bodies are decoded here.</summary>
    internal bool Decodes { get; } = peek is null;

    /// <summary>The keys of a delivery, for loading.</summary>
    public static IReadOnlyCollection<string> KeysOf(Delivery delivery) => new ApplyBatch(delivery).Keys;

    /// <summary>Plans a delivery's events.</summary>
    /// <param name="delivery">The events.</param>
    /// <param name="unit">The loaded rows and parked events of their keys.</param>
    /// <param name="live">Whether the replica was Live: before, handlers stay silent.</param>
    /// <param name="floorEpoch">Everything below is superseded.</param>
    /// <param name="now">For parked events' time.</param>
    public ReplicaPlan Plan(Delivery delivery, IReplicaUnit unit, bool live, long floorEpoch, DateTimeOffset now) =>
        Plan(new ApplyBatch(delivery), unit, live, floorEpoch, now);

    /// <summary>Plans a prepared batch; again after a failure.</summary>
    internal ReplicaPlan Plan(ApplyBatch batch, IReplicaUnit unit, bool live, long floorEpoch, DateTimeOffset now)
    {
        var plan = batch.BeginPlan();
        var sums = new ReplicaCounters(batch.Count - batch.Marks, 0, 0, 0);
        var waits = unit.Waiting.Count > 0;
        var room = waits || batch.HasPatches ? _patches.RoomOf(unit) : 0;
        var follows = _successors.MayFollow && !waits && !batch.HasPatches && unit.Follows;
        if (follows)
            sums += _successors.Write(plan, batch, unit, floorEpoch, MajorOf);
        for (var number = 0; number < batch.Keys.Count; number++)
        {
            if (follows && batch.Followed(number))
                continue;
            var text = batch.Keys[number];
            var key = batch.Scratch.Begin(text, batch.Likely(number), batch.Inspected(number));
            key.Load(unit.Find(text), unit.FindParked(text));
            if (waits || batch.HasPatches)
                LoadPatches(key, unit);
            for (var at = batch.First(number); at >= 0; )
                Take(plan, key, batch.Take(ref at), floorEpoch, now);
            _patches.End(key, plan, ref room);
            plan.Rejected += key.Rejected;
            sums += Write(plan, key, batch.NextRow, live, now);
        }
        plan.Counters = sums;
        return plan;
    }

    /// <summary>Reads, ahead of the plan, what the batch will most likely write: nothing of it depends on the rows.</summary>
    internal void Read(ApplyBatch batch)
    {
        if (!Decodes)
            return;
        for (var number = 0; number < batch.Keys.Count; number++)
            if (batch.Likely(number) is { IsDelete: false } likely)
            {
                var shown = Inspect(likely, null);
                // Kept until the batch is committed, tens of thousands of states would outlive several collections.
                batch.Inspected(number, keepsStates ? shown : shown with { State = null });
            }
    }

    /// <summary>Plans another try of parked events whose envelopes could be read; the rest stays.</summary>
    public ReplicaPlan Retry(IEnumerable<ParkedEvent> parked, IReplicaUnit unit, bool live, long floorEpoch, DateTimeOffset now)
    {
        var plan = new ReplicaPlan();
        var room = _patches.RoomOf(unit);
        foreach (var each in parked)
        {
            if (each.Event is not { } stateEvent || unit.FindParked(each.Key) is not { } current)
                continue;
            var state = new KeyPlan().Begin(each.Key).Load(unit.Find(each.Key), null);
            LoadPatches(state, unit);
            Take(plan, state, new(stateEvent, 0), floorEpoch, now);
            _patches.End(state, plan, ref room);
            if (state.Parked is not { } again)
                plan.Unpark.Add(each.Key);
            else if (again.Reason != current.Reason)
                plan.Park.Add(again with { ParkedAt = current.ParkedAt });
            state.Parked = null;
            plan.Counters += Write(plan, state, ReplicaRow.Blank, live, now);
        }
        return plan;
    }

    /// <summary>Plans another try of patches that wait: the target was upgraded, or a floor made them void.</summary>
    public ReplicaPlan RetryWaiting(IEnumerable<string> keys, IReplicaUnit unit, bool live, long floorEpoch, DateTimeOffset now)
    {
        var plan = new ReplicaPlan();
        var room = _patches.RoomOf(unit);
        foreach (var each in keys)
        {
            var key = new KeyPlan().Begin(each).Load(unit.Find(each), unit.FindParked(each));
            LoadPatches(key, unit);
            ApplyPatches(plan, key, floorEpoch, now);
            _patches.End(key, plan, ref room);
            plan.Counters += Write(plan, key, ReplicaRow.Blank, live, now);
        }
        return plan;
    }

    /// <summary>Plans the end of rows that the source has no more: each becomes a tombstone at (floor, 0), and handlers hear of a Delete.</summary>
    public ReplicaPlan Drop(IReadOnlyCollection<string> keys, IReplicaUnit unit, bool live, DueDrop due, DateTimeOffset now)
    {
        var plan = new ReplicaPlan();
        foreach (var key in keys)
        {
            // Whatever came since the keys were found may name them.
            if (unit.Find(key) is not { Deleted: false } row || !due.Concerns(row))
                continue;
            var parked = unit.FindParked(key);
            // The source has the key, in a state that cannot be read here: as ever, the last that could be read stays beside it.
            if (parked?.Event is { } kept && due.IsNamedBy(kept) || unit.FindWaiting(key).Any(due.IsNamedBy))
                continue;
            var state = new KeyPlan().Begin(key).Load(row, parked);
            // Not asked of the guard: of a row whose source never had it the tombstone lies below.
            Accept(state, Gone(row, due.FloorEpoch, now), StateInspection.Readable([]), now);
            plan.Counters += Write(plan, state, ReplicaRow.Blank, live, now);
            // No event came, and no revision was applied.
            plan.Counters += new ReplicaCounters(0, -1, 0, 0);
            plan.Rows[^1] = plan.Rows[^1] with { Writes = row.Writes };
        }
        return plan;
    }

    private StateEvent Gone(ReplicaRow row, long floorEpoch, DateTimeOffset now) =>
        new()
        {
            Contract = "",
            Lane = new(layout.Name, 0),
            Key = row.Key,
            Revision = new(floorEpoch, 0),
            Operation = StateOperation.Delete,
            Codec = row.Codec,
            Schema = row.Schema,
            CapturedAt = now,
            Source = "",
        };

    // One key of a batch with patches need have none.
    private static void LoadPatches(KeyPlan key, IReplicaUnit unit)
    {
        key.Unit = unit;
        if (unit.FindWaiting(key.Key) is { Count: > 0 } waiting)
            key.Patches = new(waiting);
    }

    private void ApplyPatches(ReplicaPlan plan, KeyPlan key, long floorEpoch, DateTimeOffset now)
    {
        while (_patches.Next(key, plan, floorEpoch) is { } made)
            Accept(key, made, reader.Inspect(made), now);
    }

    private void Take(ReplicaPlan plan, KeyPlan key, ReceivedEvent received, long floorEpoch, DateTimeOffset now)
    {
        if (received.Event is not { } incoming)
        {
            Park(
                key,
                new ParkedEvent
                {
                    Key = key.Key,
                    Reason = received.Defect ?? "no envelope",
                    Raw = received.Raw,
                    ParkedAt = now,
                }
            );
            return;
        }
        if (!layout.Retained)
            key.Number(incoming);
        var isPatch = incoming.Operation == StateOperation.Patch;
        if (
            isPatch
                ? _patches.IsVoid(key, incoming, floorEpoch)
                : rules.Guard.Judge(key.Newest, incoming, floorEpoch) == GuardVerdict.Supersede
        )
        {
            key.Superseded++;
            // What a silent Snapshot wrote, the change itself still announces: else its handlers would never run (protocol section 6). Without handlers there is
            // nobody to tell, and the row was loaded without its body: it must not be written again.
            if (
                layout.Handlers.Count > 0
                && key.Row is { Operation: StateOperation.Snapshot } row
                && incoming.Operation != StateOperation.Snapshot
                && SaysTheSame(row, incoming)
            )
                key.Announce(isPatch ? AsFull(row, incoming) : incoming, confirmsSnapshot: true);
            return;
        }
        if (isPatch)
        {
            if ((key.Patches ??= new([])).Add(incoming))
                key.Superseded++;
            ApplyPatches(plan, key, floorEpoch, now);
            return;
        }
        var inspection =
            incoming.IsDelete ? StateInspection.Readable([])
            : ReferenceEquals(incoming, key.Likely) ? key.Inspected ??= Inspect(incoming, peek)
            // What is tried again was not of the batch, and is decoded.
            : Inspect(incoming, key.Likely is null ? null : peek);
        Accept(key, incoming, inspection, now);
        if (key.Patches is not null)
            ApplyPatches(plan, key, floorEpoch, now);
    }

    private void Accept(KeyPlan key, StateEvent incoming, StateInspection inspection, DateTimeOffset now)
    {
        if (inspection.Defect is { } defect)
        {
            key.Rejected += inspection.IsMisfit ? 1 : 0;
            Park(
                key,
                new ParkedEvent
                {
                    Key = key.Key,
                    Reason = defect,
                    Event = incoming,
                    ParkedAt = now,
                }
            );
            return;
        }
        var saidBefore = key.Winner is null && SaidInAnotherMajor(key.Row, incoming);
        if (key.Winner is not null)
            key.Superseded++;
        key.Winner = incoming;
        key.ParkedAfterWinner = false;
        key.Entries = inspection.Entries;
        key.State = inspection.State;
        key.Newest = new(incoming.Revision, incoming.IsDelete, incoming.Content);
        // Said before, it is news only where the states differ, as a Snapshot is.
        if (incoming.Operation != StateOperation.Snapshot && !saidBefore)
            key.Announce(incoming, confirmsSnapshot: false);
        else
            key.SnapshotCauses = Causes.Join(key.SnapshotCauses, incoming.Causes);
    }

    private StateInspection Inspect(StateEvent incoming, Func<StateEvent, StateInspection>? peeks) =>
        peeks?.Invoke(incoming) ?? reader.Inspect(incoming);

    // The row has the state that the patch makes.
    private static StateEvent AsFull(ReplicaRow row, StateEvent patch) =>
        patch with
        {
            Operation = StateOperation.Upsert,
            Base = 0,
            Codec = row.Codec,
            Schema = row.Schema,
            Body = row.Body,
            State = row.State,
        };

    private static void Park(KeyPlan key, ParkedEvent incoming)
    {
        // One parked event per key: the newer one stands for the older.
        if (key.Parked is { } old)
        {
            key.Superseded++;
            // What cannot be read has no revision, and no upgrade makes it a state: it never takes the place of an event that one may. A state that
            // came before it and is newer than that event has taken the place already.
            if (
                old.Event is { } before
                && (incoming.Event is { } after ? before.Revision > after.Revision : !(key.Winner?.Revision >= before.Revision))
            )
                return;
            // The same again, heard in another order: what a run said of the key must still name it when the run ends (protocol section 7).
            if (old.Event is { } kept && incoming.Event is { } again && kept.Revision == again.Revision && NamesLater(kept, again))
                return;
        }
        key.Parked = incoming;
        key.ParkedNow = true;
        key.ParkedAfterWinner = true;
    }

    private static bool NamesLater(StateEvent kept, StateEvent again) =>
        SnapshotLane.Is(kept.Lane) && (!SnapshotLane.Is(again.Lane) || kept.LaneNumber > again.LaneNumber);

    private ReplicaCounters Write(ReplicaPlan plan, KeyPlan key, Func<ReplicaRow> blank, bool live, DateTimeOffset now)
    {
        var applied = 0;
        if (key.Winner is { } winner)
        {
            // What cannot be read has no revision: only a state that came after it stands for it.
            if (key.Parked is { } parked && (parked.Event is null ? !key.ParkedAfterWinner : parked.Event.Revision <= winner.Revision))
            {
                key.Superseded++;
                if (!key.ParkedNow || key.WasParked)
                    plan.Unpark.Add(key.Key);
                key.Parked = null;
                key.ParkedNow = false;
            }
            Announce(plan, key, live, now);
            if (live && WentBack(key, winner))
                plan.WentBack.Add((key.Key, winner.Revision.Epoch));
            if (RowOf(key, winner, blank, live) is { } row)
                plan.Rows.Add(row);
            plan.KeysDelta += (winner.IsDelete ? 0 : 1) - (key.Row is { Deleted: false } ? 1 : 0);
            applied = 1;
        }
        else if (key.Confirms is { } change && key.Row is { } row)
        {
            Announce(plan, key, live, now);
            plan.Rows.Add(row with { Operation = change.Operation, Entries = reader.Inspect(change).Entries });
        }
        if (key.ParkedNow && key.Parked is { } waiting)
            plan.Park.Add(waiting);
        return new(0, applied, key.Superseded, 0);
    }

    private ReplicaRow? RowOf(KeyPlan key, StateEvent winner, Func<ReplicaRow> blank, bool live)
    {
        var silent = winner.Operation == StateOperation.Snapshot && !(live && key.Changed(reader));
        var operation =
            silent && key.Change is null ? StateOperation.Snapshot
            : winner.IsDelete ? StateOperation.Delete
            : StateOperation.Upsert;
        // A Snapshot that replaces an equal revision is no second application of it.
        var writes = (key.Row?.Writes ?? 0) + (key.Row?.Revision == winner.Revision ? 0 : 1);
        var row = blank().Fill(winner, MajorOf(winner), operation, key.Row?.Seen ?? 0, writes, key.Entries, key.State);
        if (!layout.Retained)
            row.Number(key.NamedBy.Live, key.NamedBy.Own);
        return winner.IsDelete ? rules.Tombstone(row) : row;
    }

    private void Announce(ReplicaPlan plan, KeyPlan key, bool live, DateTimeOffset now)
    {
        for (var handler = 0; handler < layout.Handlers.Count; handler++)
        {
            var bit = 1L << handler;
            var asked = (replay & bit) != 0;
            if (!asked && !(live && (key.Change is not null || key.Changed(reader))))
                continue;
            var said = key.Winner ?? key.Confirms!;
            if (said.IsDelete && key.Row is not { Deleted: false } && key.Confirms is null)
                continue; // nothing was there: no handler has anything to undo
            plan.Pending.Add(
                new PendingChange
                {
                    Handler = layout.Handlers[handler],
                    Key = key.Key,
                    Revision = said.Revision,
                    Operation = key.Change is not null && !said.IsDelete ? StateOperation.Upsert : said.Operation,
                    Causes = Causes.Join(key.Causes, key.SnapshotCauses),
                    Current = said.IsDelete
                        ? null
                        : new(said.Codec, said.Schema, said.Body)
                        {
                            State = key.Winner is null ? said.State : key.State,
                            Major = MajorOf(said),
                        },
                    Previous =
                        key.Row is { Deleted: false } row && (row.Seen & bit) != 0 && key.Winner is not null ? StoredBody.Of(row) : null,
                    CapturedAt = said.CapturedAt,
                    TraceParent = said.TraceParent,
                    NextTry = now,
                }
            );
        }
    }

    // What was parked before the replica moved on is of an older major than the rest.
    private int MajorOf(StateEvent said) => said.Lane.Destination == layout.Name ? _major : StateContract.MajorOf(said.Lane.Destination);

    // All majors of a contract share a key's revisions: a replica that moved on meets again, in the newer major, the change that it has. One that only a silent
    // Snapshot brought was announced to nobody.
    private bool SaidInAnotherMajor(ReplicaRow? row, StateEvent incoming) =>
        row is { Deleted: false, Operation: not StateOperation.Snapshot }
        && row.Revision == incoming.Revision
        && !incoming.IsDelete
        && (row.Major == 0 ? _major : row.Major) != MajorOf(incoming);

    // Under a new epoch the source counts on from what it still has: it lost what the replica had under the same number or a higher one.
    private bool WentBack(KeyPlan key, StateEvent winner) =>
        key.Row is { } row
        && row.Revision.Epoch < winner.Revision.Epoch
        && (winner.Revision.Number < row.Revision.Number || (winner.Revision.Number == row.Revision.Number && key.Changed(reader)));

    private static bool SaysTheSame(ReplicaRow row, StateEvent incoming) =>
        row.Revision.Number == incoming.Revision.Number && row.Deleted == incoming.IsDelete && row.Content == incoming.Content;
}
