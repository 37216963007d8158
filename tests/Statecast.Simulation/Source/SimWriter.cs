using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Simulation.Engine;

namespace Statecast.Simulation.Source;

/// <summary>The application and the republisher: transactions that lock heads, capture by the real rule, and commit at once, late or not at all.</summary>
internal sealed class SimWriter(SimWorld world) : ISimSource
{
    private readonly HashSet<Transaction> _open = [];
    private readonly List<string> _firstWalk = [];
    private bool _walking;

    private SimDatabase Database => world.Database;

    public long Epoch => Database.Epoch;

    public ISimOutbox Outbox => Database;

    /// <summary>Rows from before Statecast was added, and the first republish over them.</summary>
    public void Begin()
    {
        var asked = world.Faults.Restores ? 3 : world.Keys.Count;
        foreach (var (number, key) in world.Keys.Index())
            if (SimBootstraps.QuietKeys.Contains(key) || (number < asked && key != SimBootstraps.LateKey && world.Random.Chance(0.5)))
            {
                Database.Aggregates[key] = world.Random.Next(SimContent.Contents - 1);
                world.Truth.Committed(key, 0, Database.Aggregates[key]);
            }
        _walking = true;
        _firstWalk.AddRange(world.Keys);
        PlanRepublish();
    }

    /// <summary>One unit of work of the application.</summary>
    public void Write()
    {
        var transaction = new Transaction();
        for (var i = world.Random.Between(1, 3); i > 0; i--)
        {
            var key = world.Random.Chance(0.4) ? world.Keys[0] : world.PickKey();
            if (!transaction.Keys.Contains(key) && Database.Locked.Add(key))
                transaction.Keys.Add(key);
        }
        foreach (var key in transaction.Keys)
        {
            int? state = world.Random.Chance(0.3) ? null : world.Random.Next(world.ContentsInUse);
            var head = Database.Heads.GetValueOrDefault(key, Head.None);
            var decision = world.Rules.Save(head, new(state is null, SimContent.Schema, SimContent.Print(state)));
            if (head is { Deleted: true, Revision: > 0 } && state is not null && head.Content == SimContent.Print(state))
                world.Coverage.Note(Event.DeleteThenEqualContent);
            transaction.Capture(world, key, state, head, decision);
        }
        if (transaction.Keys.Count == 0)
            return;
        _open.Add(transaction);
        var late = world.Faults.Strikes(world.Faults.LateCommits, world.Random, 0.3);
        world.Scheduler.After(late ? world.Random.Seconds(0.5, 8) : world.Random.Seconds(0, 0.01), () => End(transaction, late));
    }

    /// <summary>The database dies: what was open never was.</summary>
    public void Crash()
    {
        world.Coverage.Note(Event.SourceCrash);
        foreach (var transaction in _open)
            transaction.Rollback(world);
        _open.Clear();
    }

    public void AskForRepublish() => Database.Republish.Enqueue(RepublishRequest.All(SimContent.Contract, "asked"));

    private void End(Transaction transaction, bool late)
    {
        if (!_open.Remove(transaction))
            return;
        if (world.Faults.Strikes(world.Faults.Rollbacks, world.Random, 0.15))
        {
            world.Coverage.Note(Event.Rollback);
            transaction.Rollback(world);
            return;
        }
        if (late && transaction.Rows.Count > 0)
            world.Coverage.Note(Event.LateCommit);
        transaction.Commit(world);
    }

    private void PlanRepublish() =>
        world.Scheduler.After(
            world.Random.Seconds(0.05, 0.5),
            () =>
            {
                RepublishChunk();
                PlanRepublish();
            }
        );

    private void RepublishChunk()
    {
        if (_walking)
        {
            foreach (var key in _firstWalk.Take(3).Where(k => !Database.Locked.Contains(k)).ToList())
            {
                RepublishKey(key);
                _firstWalk.Remove(key);
            }
            if (_firstWalk.Count > 0)
                return;
            _walking = false;
            EndRepublish();
            world.Trace.Add("first republish ended", "");
            return;
        }
        if (!Database.Republish.TryPeek(out var request))
            return;
        var keys = request.Key is { } one ? [one] : world.Keys;
        if (keys.Any(Database.Locked.Contains))
            return;
        Database.Republish.Dequeue();
        world.Coverage.Note(
            request.Key is null ? Event.Republished
            : request.Reason == SimPatches.Reason ? Event.FullStateAskedFor
            : Event.ForeignMended
        );
        foreach (var key in keys)
            RepublishKey(key);
        if (request is { Key: null, Destination: not null })
            EndRepublish();
    }

    // A later request for the same destination says that more is missing than this one knew.
    private void EndRepublish()
    {
        if (!Database.Republish.Any(r => r is { Key: null, Destination: not null }))
            Database.FirstRepublishEnded();
    }

    /// <summary>Everything is queued anew: the first walk is over, wherever it was.</summary>
    public void EndWalk()
    {
        _walking = false;
        _firstWalk.Clear();
    }

    /// <summary>A copy of how far the first walk is, which stands in the database's queue.</summary>
    public Action Copy()
    {
        var (walking, walk) = (_walking, _firstWalk.ToList());
        return () =>
        {
            _walking = walking;
            _firstWalk.Clear();
            _firstWalk.AddRange(walk);
        };
    }

    private void RepublishKey(string key)
    {
        var transaction = new Transaction();
        Database.Locked.Add(key);
        transaction.Keys.Add(key);
        int? state = Database.Aggregates.TryGetValue(key, out var content) ? content : null;
        var head = Database.Heads.GetValueOrDefault(key, Head.None);
        var now = new ReadBack(state is null, SimContent.Schema, SimContent.Print(state));
        transaction.Capture(world, key, state, head, CaptureRule.Republish(head, now));
        transaction.Commit(world);
    }

    private sealed class Transaction
    {
        private readonly Dictionary<string, (int? State, Head Head, bool Raised)> _writes = [];

        public List<string> Keys { get; } = [];

        public List<OutboxRow> Rows { get; } = [];

        public void Capture(SimWorld world, string key, int? state, Head head, CaptureDecision decision)
        {
            var raised = decision.Revision > head.Revision;
            // A delete leaves the last content in the head: comparing content alone must be seen to fail.
            var content = state is null ? head.Content : SimContent.Print(state);
            var now = new ReadBack(state is null, SimContent.Schema, SimContent.Print(state));
            var at = world.Truth.Clock;
            var patched =
                world.Patches.On && PatchRule.Allows(SimPatches.Options, head, decision, now, at) && head.Base is { } known
                    ? SimContent.Patch(SimContent.Read(known.Body)!.Value, state!.Value)
                    : default;
            var raisedHead = new Head(decision.Revision, decision.Publish ? state is null : head.Deleted, SimContent.Schema, content)
            {
                Base =
                    state is null || !world.Patches.On ? null
                    : raised ? PatchRule.Next(head.Base, SimContent.Body(state), !patched.IsEmpty, at)
                    : head.Base,
            };
            _writes[key] = (state, raisedHead, raised);
            if (!decision.Publish)
                return;
            if (!patched.IsEmpty)
                world.Coverage.Note(Event.PatchCaptured);
            Rows.Add(
                new()
                {
                    Sequence = world.Database.NextSequence(),
                    Carrier = SimContent.Carrier,
                    Lane = SimContent.LaneOf(key, world.Lanes),
                    Contract = SimContent.Contract,
                    Key = key,
                    Revision = decision.Revision,
                    Operation = patched.IsEmpty ? decision.Operation : StateOperation.Patch,
                    Base = patched.IsEmpty ? 0 : head.Revision,
                    Codec = "sim",
                    Schema = SimContent.Schema,
                    Content = SimContent.Print(state),
                    Body = patched.IsEmpty ? SimContent.Body(state) : patched,
                    CapturedAt = world.Truth.Clock,
                    KeepEach = world.Faults.KeepEach,
                }
            );
        }

        public void Commit(SimWorld world)
        {
            foreach (var (key, (state, head, raised)) in _writes)
            {
                if (state is { } content)
                    world.Database.Aggregates[key] = content;
                else
                    world.Database.Aggregates.Remove(key);
                world.Database.Heads[key] = head;
                if (raised || world.Truth.Newest(key)?.Content != state)
                    world.Truth.Committed(key, head.Revision, state);
            }
            Leave(world, committed: true);
            foreach (var (key, (_, head, raised)) in _writes)
                if (raised)
                    world.Sums.Committed(key, head.Revision);
        }

        public void Rollback(SimWorld world) => Leave(world, committed: false);

        private void Leave(SimWorld world, bool committed)
        {
            var rows = world.Rules.RowsLeft(committed, Rows).ToList();
            foreach (var row in rows)
            {
                world.Database.Insert(row);
                world.Sums.Captured(row);
                world.Trace.Add("committed", row.Key, row.Revision, row.Sequence);
            }
            foreach (var key in Keys)
                world.Database.Locked.Remove(key);
            if (rows.Count > 0)
                world.WakeRelays();
        }
    }
}
