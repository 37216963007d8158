using Statecast.Consuming;
using Statecast.Consuming.Queues;
using Statecast.Events;
using Statecast.Publishing;
using Statecast.Replicas;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Consuming.Queues;

/// <summary>Protocol sections 2, 3 and 7 at a target of a queue: what is claimed, when, and what is asked for.</summary>
public sealed class QueueProgressTests
{
    private static readonly LaneId Lane = new("shop.order.v1", 0);
    private static readonly LaneId Own = SnapshotLane.Of(Lane, "queue");
    private static readonly Guid Lease = new("00000000-0000-0000-0000-00000000000a");
    private static readonly Guid Later = new("00000000-0000-0000-0000-00000000000b");
    private static readonly DateTimeOffset T = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ReplicaContents _empty = new(null, false, [], default, 0, 0, 0);
    private long _own;
    private int _runs;

    [Fact]
    public void Nothing_is_claimed_before_a_run_over_all_ranges_ended()
    {
        var progress = Opened();
        Live(progress, 1, 2, 3);
        progress.Heard(Word(3), T);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);

        var run = AskAll(progress, cut: 1, upTo: RunProgress.Parts - 1);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
        Assert.Equal((RunProgress.Parts - 1, RunProgress.Parts), progress.Ranges);
        Range(progress, run, RunProgress.Parts - 1, cut: 1);
        Assert.NotNull(progress.DueSweep);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
        progress.Dropped(progress.DueSweep);
        Assert.Equal(ReplicaState.Live, progress.State);
    }

    [Fact]
    public void Numbers_count_from_the_lowest_cut()
    {
        var progress = Opened();
        var run = AskAll(progress, cut: 5, upTo: RunProgress.Parts - 1);
        Range(progress, run, RunProgress.Parts - 1, cut: 9);
        progress.Heard(Word(7), T);
        progress.Dropped(progress.DueSweep!);
        // 6 and 7 were handed out after the lowest cut: they may lack in a range that was read before them.
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
        Live(progress, 6, 7);
        Assert.Equal(ReplicaState.Live, progress.State);
    }

    [Fact]
    public void Range_ends_once_all_its_numbers_were_processed()
    {
        var progress = Opened();
        progress.Ask(default, NewRun);
        var run = Run(1);
        var (begin, row, end) = (++_own, ++_own, ++_own);
        Took(progress, Mark(StateOperation.RangeBegin, run, 0, 4, begin), Mark(StateOperation.RangeEnd, run, 0, 4, end));
        Assert.Equal(0, progress.Ranges.Done);
        Took(progress, Snapshot(row));
        Assert.Equal(1, progress.Ranges.Done);
    }

    [Fact]
    public void Range_that_is_begun_again_counts_from_its_newer_begin()
    {
        var progress = Opened();
        progress.Ask(default, NewRun);
        // 2 is lost.
        Took(progress, Mark(StateOperation.RangeBegin, Run(1), 0, 4, 1), Mark(StateOperation.RangeEnd, Run(1), 0, 4, 3));
        Assert.Equal(0, progress.Ranges.Done);
        Took(progress, Mark(StateOperation.RangeBegin, Run(1), 0, 6, 4), Snapshot(5), Mark(StateOperation.RangeEnd, Run(1), 0, 6, 6));
        Assert.Equal(1, progress.Ranges.Done);
    }

    [Fact]
    public void Another_runs_marks_count_for_nothing()
    {
        var progress = Opened();
        progress.Ask(default, NewRun);
        Took(progress, Mark(StateOperation.RangeBegin, Run(7), 0, 4, 1), Mark(StateOperation.RangeEnd, Run(7), 0, 4, 2));
        Assert.Equal(0, progress.Ranges.Done);
    }

    [Fact]
    public void Few_ranges_are_outstanding_and_what_stays_out_is_asked_for_again()
    {
        var progress = Opened();
        var first = Assert.Single(progress.Ask(default, NewRun));
        Assert.Equal((Lane, "queue", Run(1), false), (first.Lane, first.ReplyTo, first.Run, first.Repeated));
        Assert.Equal(Enumerable.Range(0, RunProgress.Window).Select(Part), first.Ranges);
        Assert.Empty(progress.Ask(TimeSpan.FromSeconds(1), NewRun));

        Range(progress, Run(1), 1, cut: 0);
        Assert.Equal([Part(RunProgress.Window)], Assert.Single(progress.Ask(TimeSpan.FromSeconds(2), NewRun)).Ranges);

        Assert.Empty(progress.Ask(TimeSpan.FromSeconds(2) + RunProgress.Again - TimeSpan.FromTicks(1), NewRun));
        var again = Assert.Single(progress.Ask(TimeSpan.FromSeconds(2) + RunProgress.Again, NewRun));
        Assert.True(again.Repeated);
        Assert.Equal([Part(0), Part(2), Part(3), Part(4)], again.Ranges);
        Assert.Empty(progress.Ask(TimeSpan.FromSeconds(3) + RunProgress.Again, NewRun));
    }

    [Fact]
    public void Number_that_stays_missing_asks_for_another_run()
    {
        var progress = IsLive(cut: 2);
        Live(progress, 3, 5);
        progress.Heard(Word(5, T.AddSeconds(1)), T.AddSeconds(1));
        Assert.Equal(T, progress.FreshnessAt(T.AddSeconds(1), 0).AsOf);
        Assert.Empty(progress.Ask(TimeSpan.FromSeconds(10), NewRun));
        progress.Heard(Word(6, T.AddSeconds(2)), T.AddSeconds(2));
        Assert.Empty(progress.Ask(TimeSpan.FromSeconds(12), NewRun));
        Assert.NotEmpty(progress.Ask(TimeSpan.FromSeconds(13), NewRun));
        // Reads go on meanwhile, and the statement comes back with the run.
        Assert.Equal(ReplicaState.Live, progress.State);
        Live(progress, 6);
        CompleteRun(progress, Run(2), cut: 6);
        Assert.Equal(T.AddSeconds(2), progress.FreshnessAt(T.AddSeconds(2), 0).AsOf);
    }

    [Fact]
    public void Number_that_comes_late_asks_for_nothing()
    {
        var progress = IsLive(cut: 2);
        Live(progress, 4);
        progress.Heard(Word(4, T.AddSeconds(1)), T);
        Assert.Empty(progress.Ask(TimeSpan.FromSeconds(10), NewRun));
        Live(progress, 3);
        // Under load the newest word is always a little ahead of what was processed.
        progress.Heard(Word(6, T.AddSeconds(2)), T);
        Assert.Empty(progress.Ask(TimeSpan.FromSeconds(13), NewRun));
        Live(progress, 5, 6);
        Assert.Empty(progress.Ask(TimeSpan.FromSeconds(20), NewRun));
    }

    [Fact]
    public void Number_of_another_lease_stands_for_none()
    {
        var progress = IsLive(cut: 2);
        Took(progress, Event(3, Later));
        progress.Heard(Word(3, T.AddSeconds(1)), T);
        Assert.Equal(T, progress.FreshnessAt(T, 0).AsOf);
        Live(progress, 3);
        Assert.Equal(T.AddSeconds(1), progress.FreshnessAt(T, 0).AsOf);
        Took(progress, Event(4, Later));
        progress.Heard(Word(4, T.AddSeconds(2), (Lease, 1), (Later, 4)), T);
        Assert.Equal(T.AddSeconds(2), progress.FreshnessAt(T, 0).AsOf);
    }

    [Fact]
    public void Under_a_new_epoch_numbers_count_from_the_floor()
    {
        var progress = IsLive(cut: 2);
        var word = Word(11, T.AddSeconds(1), (Later, 10));
        word = word with { Epoch = 2, Ends = [word.Ends[0] with { Floor = new(2, 10) }] };
        Took(progress, Event(11, Later));
        progress.Heard(word, T);
        Assert.Equal(ReplicaState.CatchingUp, progress.State);
        Took(progress, Event(10, Later));
        progress.Dropped(progress.DueDrop!);
        Assert.Equal(ReplicaState.Live, progress.State);
    }

    [Fact]
    public void Run_that_spans_two_epochs_is_void()
    {
        var progress = Opened();
        progress.Ask(default, NewRun);
        Range(progress, Run(1), 0, cut: 1);
        Took(progress, Mark(StateOperation.RangeBegin, Run(1), 1, 1, ++_own, epoch: 2));
        Assert.Equal(default, progress.Ranges);
        Assert.Equal(Run(2), Assert.Single(progress.Ask(default, NewRun)).Run);
    }

    [Fact]
    public void Own_number_under_another_lease_voids_the_run()
    {
        var progress = Opened();
        progress.Ask(default, NewRun);
        Took(progress, Mark(StateOperation.RangeBegin, Run(1), 0, 4, 1), Snapshot(2));
        Took(
            progress,
            Mark(StateOperation.RangeBegin, Run(1), 1, 4, 2) with
            {
                Event = Mark(StateOperation.RangeBegin, Run(1), 1, 4, 2).Event! with { LeaseId = Later },
            }
        );
        Assert.Equal(default, progress.Ranges);
    }

    [Fact]
    public void What_was_counted_outlives_the_process()
    {
        var progress = Opened();
        var run = AskAll(progress, cut: 2, upTo: 10);
        Live(progress, 3, 5);
        var stored = progress.PositionOf(Lane);

        var restarted = new ReplicaProgress(_empty with { Positions = [stored] }, ApplyRules.Default, retained: false);
        Assert.Equal(ReplicaState.Bootstrapping, restarted.State);
        restarted.Open(new(Lane, 0, 0) { ReplyTo = "queue" });
        Assert.Equal((10, RunProgress.Parts), restarted.Ranges);
        // What may have been asked for is asked for again, the rest stays done.
        Assert.Equal(Part(10), Assert.Single(restarted.Ask(default, NewRun)).Ranges[0]);
        for (var part = 10; part < RunProgress.Parts; part++)
            Range(restarted, run, part, cut: 2);
        Live(restarted, 4);
        restarted.Heard(Word(5), T);
        restarted.Dropped(restarted.DueSweep!);
        Assert.Equal(ReplicaState.Live, restarted.State);
    }

    [Fact]
    public void What_was_asked_for_before_a_restart_is_waited_for_first()
    {
        var progress = Opened();
        AskAll(progress, cut: 2, upTo: 1);
        Live(progress, 3);
        var stored = progress.PositionOf(Lane);

        var restarted = new ReplicaProgress(_empty with { Positions = [stored] }, ApplyRules.Default, retained: false);
        restarted.Open(new(Lane, 0, 0) { ReplyTo = "queue" });
        // The answers to the others may stand in the queue already.
        Assert.Equal([Part(RunProgress.Window)], Assert.Single(restarted.Ask(default, NewRun)).Ranges);
        Assert.Empty(restarted.Ask(RunProgress.Again - TimeSpan.FromTicks(1), NewRun));
        var again = Assert.Single(restarted.Ask(RunProgress.Again, NewRun));
        Assert.True(again.Repeated);
        Assert.Equal([.. Enumerable.Range(1, RunProgress.Window).Select(Part)], again.Ranges);
    }

    [Fact]
    public void Queue_that_was_just_made_voids_what_was_counted()
    {
        var stored = IsLive(cut: 2).PositionOf(Lane);
        var restarted = new ReplicaProgress(_empty with { WasLive = true, Positions = [stored] }, ApplyRules.Default, retained: false);
        restarted.Open(new(Lane, 0, 0) { ReplyTo = "queue", IsNew = true });
        restarted.Heard(Word(2), T);
        Assert.Equal(ReplicaState.CatchingUp, restarted.State);
        Assert.NotEmpty(restarted.Ask(default, NewRun));
    }

    [Fact]
    public void Queue_bound_from_the_start_needs_no_run()
    {
        var progress = new ReplicaProgress(_empty, ApplyRules.Default, retained: false);
        progress.Open(new(Lane, 0, 0));
        Assert.Empty(progress.Ask(default, NewRun));
        progress.Heard(Word(2), T);
        Live(progress, 2);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
        Live(progress, 1);
        Assert.Equal(ReplicaState.Live, progress.State);
    }

    [Fact]
    public void Row_stays_that_anything_above_the_marks_touched()
    {
        var sweep = new RangeSweep(Lane, 3, [.. Enumerable.Repeat(new SweptRange(20, 10), RunProgress.Parts)]);
        Assert.True(sweep.IsOrphan(Row(3, 10, 20), ApplyRules.Default));
        Assert.False(sweep.IsOrphan(Row(3, 11, 0), ApplyRules.Default));
        Assert.False(sweep.IsOrphan(Row(3, 0, 21), ApplyRules.Default));
        Assert.False(sweep.IsOrphan(Row(4, 0, 0), ApplyRules.Default));
    }

    private static ReplicaRow Row(long epoch, long live, long own) =>
        new()
        {
            Key = "a",
            Revision = new(epoch, 1),
            Deleted = false,
            Operation = StateOperation.Upsert,
            Codec = "text",
            Schema = default,
            CapturedAt = T,
            LiveNumber = live,
            OwnNumber = own,
        };

    private ReplicaProgress Opened()
    {
        var progress = new ReplicaProgress(_empty, ApplyRules.Default, retained: false);
        progress.Open(new(Lane, 0, 0) { ReplyTo = "queue", IsNew = true });
        return progress;
    }

    private ReplicaProgress IsLive(long cut)
    {
        var progress = Opened();
        progress.Heard(Word(cut), T);
        AskAll(progress, cut, RunProgress.Parts);
        progress.Dropped(progress.DueSweep!);
        progress.Stored(new() { BecameLive = true });
        Assert.Equal(ReplicaState.Live, progress.State);
        return progress;
    }

    private Guid AskAll(ReplicaProgress progress, long cut, int upTo)
    {
        var run = Assert.Single(progress.Ask(default, NewRun)).Run;
        for (var part = 0; part < upTo; part++)
            Range(progress, run, part, cut);
        return run;
    }

    private void CompleteRun(ReplicaProgress progress, Guid run, long cut)
    {
        for (var part = 0; part < RunProgress.Parts; part++)
            Range(progress, run, part, cut);
        progress.Dropped(progress.DueSweep!);
    }

    private void Range(ReplicaProgress progress, Guid run, int part, long cut) =>
        Took(
            progress,
            Mark(StateOperation.RangeBegin, run, part, cut, ++_own),
            Snapshot(++_own),
            Mark(StateOperation.RangeEnd, run, part, cut, ++_own)
        );

    private static void Live(ReplicaProgress progress, params long[] numbers) => Took(progress, [.. numbers.Select(n => Event(n, Lease))]);

    private static void Took(ReplicaProgress progress, params ReceivedEvent[] events)
    {
        var batch = new LaneBatch(Lane, events, 0, AtTail: false);
        progress.PositionAfter(batch);
        progress.Applied(batch);
    }

    private Guid NewRun() => Run(++_runs);

    private static Guid Run(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    private static BucketRange Part(int number) => BucketRange.Part(number, RunProgress.Parts);

    private static ReceivedEvent Event(long number, Guid lease) =>
        new(PlannerWorld.Event("a", number, "x") with { LaneNumber = number, LeaseId = lease }, 0);

    private static ReceivedEvent Snapshot(long number) =>
        new(PlannerWorld.Event("a", 1, "x", StateOperation.Snapshot) with { Lane = Own, LaneNumber = number, LeaseId = Lease }, 0);

    private static ReceivedEvent Mark(StateOperation operation, Guid run, int part, long cut, long number, long epoch = 1) =>
        new(
            PlannerWorld.Event("mark", 0, "", operation, epoch) with
            {
                Lane = Own,
                LaneNumber = number,
                LeaseId = Lease,
                Body = new RangeMark(run, Part(part), cut).Write(),
            },
            0
        );

    private static Heartbeat Word(long number, DateTimeOffset? clock = null, params (Guid Lease, long First)[] line) =>
        new()
        {
            Source = "orders",
            Destination = Lane.Destination,
            Epoch = 1,
            LeaseId = Lease,
            Clock = clock ?? T,
            Interval = TimeSpan.FromSeconds(1),
            FirstRepublishEnded = true,
            Ends =
            [
                new(Lane, 0, 0, number)
                {
                    Line = line.Length == 0 ? [new(Lease, 1)] : [.. line.Select(l => new LeaseNumbers(l.Lease, l.First))],
                },
            ],
        };
}
