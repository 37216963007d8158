using Statecast.Consuming.Queues;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Simulation.Engine;

namespace Statecast.Simulation.Source;

/// <summary>
/// The source's answers to targets of a queue: requests that may be lost or come twice, a durable list of ranges, and steps of a few keys each, in transactions, while
/// writes go on.
/// </summary>
internal sealed class SimSnapshots(SimWorld world)
{
    private const int KeysAStep = 2;
    private readonly List<Task> _tasks = [];
    private LaneId _last;
    private bool _planned;

    /// <summary>A target asks; the question may be lost, and may come twice.</summary>
    public void Ask(RunQuestion question)
    {
        world.Coverage.Note(question.Repeated ? Event.RangesAskedAgain : Event.RangesAsked);
        if (world.Bootstraps.LosesQuestion())
        {
            world.Coverage.Note(Event.QuestionLost);
            return;
        }
        for (var copies = world.Random.Chance(0.1) ? 2 : 1; copies > 0; copies--)
            world.Scheduler.After(world.Random.Seconds(0.001, 0.5), () => Arrived(question));
    }

    /// <summary>The database went back: what was queued is replaced by everything, and who waits asks again.</summary>
    public void Clear() => _tasks.Clear();

    /// <summary>A copy of what is queued.</summary>
    public Action Copy()
    {
        var tasks = _tasks.Select(t => t.Copy()).ToList();
        return () =>
        {
            _tasks.Clear();
            _tasks.AddRange(tasks.Select(t => t.Copy()));
            Plan();
        };
    }

    private void Arrived(RunQuestion question)
    {
        var lane = SnapshotLane.Of(question.Lane, question.ReplyTo);
        foreach (var range in question.Ranges)
            if (!_tasks.Exists(t => t.Lane == lane && t.Run == question.Run && t.Range == range))
                _tasks.Add(new(lane, question.Run, range));
        Plan();
    }

    private void Plan()
    {
        if (_planned || _tasks.Count == 0)
            return;
        _planned = true;
        world.Scheduler.After(
            world.Random.Seconds(0.005, 0.04),
            () =>
            {
                _planned = false;
                Step();
                Plan();
            }
        );
    }

    private void Step()
    {
        // A process that is dead does nothing, and finds its list as it was.
        if (_tasks.Count == 0 || !world.Database.IsPublished || world.Faults.Strikes(world.Faults.SourceCrashes, world.Random, 0.1))
            return;
        var lanes = _tasks.Select(t => t.Lane).Distinct().OrderBy(l => l.ToString(), StringComparer.Ordinal).ToList();
        _last = lanes.Find(l => string.CompareOrdinal(l.ToString(), _last.ToString()) > 0) is { Destination: not null } next
            ? next
            : lanes[0];
        var task = _tasks.Find(t => t.Lane == _last)!;
        if (task.Cut is not { } cut)
            Begin(task);
        else
            Walk(task, cut);
    }

    private void Begin(Task task)
    {
        task.Cut = world.Database.NextNumber(SnapshotLane.LiveOf(task.Lane)) - 1;
        if (world.Rules.ReadsBeforeBegin)
            // Planted: what is read now goes out behind a mark that is made later.
            task.ReadAhead = [.. KeysOf(task).Select(k => Row(task, k)).OfType<OutboxRow>()];
        else
            Mark(task, StateOperation.RangeBegin);
    }

    private void Walk(Task task, long cut)
    {
        if (task.ReadAhead is { } read)
        {
            if (world.Random.Chance(0.7))
                return;
            task.Cut = world.Database.NextNumber(SnapshotLane.LiveOf(task.Lane)) - 1;
            Mark(task, StateOperation.RangeBegin);
            read.ForEach(Insert);
            End(task);
            return;
        }
        var keys = KeysOf(task).Where(k => string.CompareOrdinal(k, task.After) > 0).Take(KeysAStep).ToList();
        // Their heads are locked by a transaction that is open.
        if (keys.Exists(world.Database.Locked.Contains))
            return;
        foreach (var key in keys)
        {
            if (Row(task, key) is { } row)
                Insert(row);
            task.After = key;
        }
        if (keys.Count < KeysAStep)
            End(task);
        world.Trace.Add("walked", task.Lane.ToString(), task.Range.First, cut);
    }

    private void End(Task task)
    {
        Mark(task, StateOperation.RangeEnd);
        _tasks.Remove(task);
    }

    private IEnumerable<string> KeysOf(Task task) =>
        world
            .Database.Heads.Keys.Where(k => SimContent.LaneOf(k, world.Lanes) == SnapshotLane.LiveOf(task.Lane))
            .Where(k => KeyText.Bucket(k) is var bucket && bucket >= task.Range.First && bucket <= task.Range.Last)
            .Order(StringComparer.Ordinal);

    private OutboxRow? Row(Task task, string key)
    {
        var head = world.Database.Heads[key];
        if (head.Revision == 0)
            return null;
        int? state = head.Deleted ? null : world.Database.Aggregates[key];
        return Row(task, key, head.Revision, state is null ? StateOperation.Delete : StateOperation.Snapshot) with
        {
            Content = SimContent.Print(state),
            Body = SimContent.Body(state),
        };
    }

    private void Mark(Task task, StateOperation operation)
    {
        var mark = new RangeMark(task.Run, task.Range, task.Cut!.Value);
        Insert(Row(task, mark.KeyOf(operation), 0, operation) with { Body = mark.Write() });
    }

    private void Insert(OutboxRow row)
    {
        var numbered = row with { Sequence = world.Database.NextSequence() };
        world.Database.Insert(numbered);
        world.Sums.Captured(numbered);
        world.WakeRelays();
    }

    private OutboxRow Row(Task task, string key, long revision, StateOperation operation) =>
        new()
        {
            Carrier = SimContent.Carrier,
            Lane = task.Lane,
            Contract = SimContent.Contract,
            Key = key,
            Revision = revision,
            Operation = operation,
            Codec = "sim",
            Schema = SimContent.Schema,
            CapturedAt = world.Truth.Clock,
            KeepEach = true,
        };

    private sealed class Task(LaneId lane, Guid run, BucketRange range)
    {
        public LaneId Lane { get; } = lane;
        public Guid Run { get; } = run;
        public BucketRange Range { get; } = range;
        public long? Cut { get; set; }
        public string After { get; set; } = "";
        public List<OutboxRow>? ReadAhead { get; set; }

        public Task Copy() =>
            new(Lane, Run, Range)
            {
                Cut = Cut,
                After = After,
                ReadAhead = ReadAhead,
            };
    }
}
