using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Consuming;

/// <summary>A log that keeps Deletes for a while only, and one that is another than before: lanes are read anew, and what is not met goes.</summary>
public sealed class ReadAnewTests
{
    private static readonly DateTimeOffset T = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);
    private static readonly LaneId A = new("shop.order.v1", 0);

    [Fact]
    public void Who_was_away_for_less_than_deletes_are_kept_goes_on()
    {
        var stored = Stored(T);
        var progress = New(stored);
        Assert.Equal(10, Open(progress, T + Kept));
        Assert.Null(progress.DueSweep);
    }

    [Fact]
    public void Who_was_away_for_longer_reads_anew_and_is_not_live_before_what_is_missing_is_gone()
    {
        var progress = New(Stored(T));
        Assert.Equal(0, Open(progress, T + Kept + TimeSpan.FromSeconds(1)));
        var now = T + Kept + TimeSpan.FromSeconds(2);
        progress.Applied(Batch(12, atTail: false, "a", "b"), now);
        progress.Heard(Word(now, 12), now);
        Assert.Null(progress.DueSweep);
        progress.Applied(Batch(12, atTail: true), now);

        Assert.Equal(ReplicaState.CatchingUp, progress.State);
        var sweep = progress.DueSweep!;
        Assert.False(sweep.Concerns(Row("a")));
        Assert.True(sweep.Concerns(Row("c")));
        // Said by a source that went on since: of that it is not known what it has.
        Assert.False(sweep.Concerns(Row("c", epoch: 4)));
        progress.Dropped(sweep);
        Assert.Null(progress.DueSweep);
        Assert.Equal(ReplicaState.Live, progress.State);
        // Stored, it is no longer owed.
        Assert.Equal(12, Open(New(progress.PositionOf(A, now)), now));
    }

    [Fact]
    public void Reading_anew_that_was_cut_off_begins_anew_whenever_it_goes_on()
    {
        var progress = New(Stored(T));
        var now = T + 2 * Kept;
        Open(progress, now);
        var batch = Batch(12, atTail: true, "a");
        var stored = progress.PositionAfter(batch, now);
        var next = New(stored);
        Assert.Equal(0, Open(next, now));
        next.Applied(Batch(12, atTail: true), now);
        next.Heard(Word(now, 12), now);
        Assert.NotNull(next.DueSweep);
    }

    [Fact]
    public void Word_of_a_source_that_has_not_said_everything_removes_nothing()
    {
        var progress = New(Stored(T));
        var now = T + 2 * Kept;
        Open(progress, now);
        progress.Applied(Batch(12, atTail: true), now);
        progress.Heard(Word(now, 12) with { FirstRepublishEnded = false }, now);
        Assert.Null(progress.DueSweep);
        // Nor does one whose end is not reached, or was passed before the tail was found.
        progress.Heard(Word(now.AddSeconds(1), 13), now);
        Assert.Null(progress.DueSweep);
        progress.Heard(Word(now.AddSeconds(2), 12), now);
        Assert.NotNull(progress.DueSweep);
    }

    [Fact]
    public void Record_without_a_key_may_be_of_any_key()
    {
        var progress = New(Stored(T));
        var now = T + 2 * Kept;
        Open(progress, now);
        progress.Applied(new(A, [new(null, 3, Key: null, Defect: "no key")], 12, AtTail: true), now);
        progress.Heard(Word(now, 12), now);
        Assert.False(progress.DueSweep!.Concerns(Row("c")));
    }

    [Fact]
    public void Another_log_is_read_anew_where_deletes_are_kept_for_ever_too()
    {
        var progress = New(new LanePosition(A, 7, 10));
        Assert.Equal(0, progress.Open(new LaneOpened(A, 1, 12), T));
        progress.Applied(Batch(12, atTail: true, "a"), T);
        progress.Heard(Word(T, 12), T);
        Assert.True(progress.DueSweep!.Concerns(Row("c")));
    }

    [Fact]
    public void Lane_whose_beginning_lies_beyond_the_position_is_read_anew_where_the_carrier_says_so()
    {
        var progress = New(new LanePosition(A, 1, 50));
        Assert.Equal(50, progress.Open(new LaneOpened(A, 1, 62), T));
        var batch = Batch(62, atTail: true, "a") with { FromBeginning = true };
        var stored = progress.PositionAfter(batch, T);
        progress.Applied(batch, T);
        progress.Heard(Word(T, 62), T);
        Assert.True(progress.DueSweep!.Concerns(Row("c")));
        Assert.False(progress.DueSweep!.Concerns(Row("a")));
        // Cut off before the sweep, it begins anew.
        Assert.Equal(0, New(stored).Open(new LaneOpened(A, 1, 62), T));
    }

    /// <summary>Found by seed 5682 of the simulation: a lane went and came back before its target looked, with a batch that was read before the seek.</summary>
    [Fact]
    public void Batch_from_below_the_position_is_no_reading_from_the_beginning()
    {
        var progress = New(new LanePosition(A, 1, 10));
        Assert.Equal(10, progress.Open(new LaneOpened(A, 1, 12), T));
        progress.Applied(Batch(12, atTail: true, "b"), T);
        progress.Applied(Batch(11, atTail: false, "a"), T);
        progress.Applied(Batch(12, atTail: true, "b"), T);
        progress.Heard(Word(T, 12), T);

        Assert.Null(progress.DueSweep);
        Assert.Equal(12, New(progress.PositionOf(A, T)).Open(new LaneOpened(A, 1, 12), T));
    }

    [Fact]
    public void Reading_that_takes_longer_than_deletes_are_kept_is_overdue()
    {
        var progress = New();
        Open(progress, T);
        progress.Applied(Batch(5, atTail: false, "a"), T + Kept);
        Assert.Null(progress.Overdue);
        progress.Applied(Batch(12, atTail: true, "b"), T + Kept + TimeSpan.FromSeconds(1));
        Assert.Equal((A, T), progress.Overdue);
        progress.Heard(Word(T + 2 * Kept, 12), T + 2 * Kept);
        Assert.NotEqual(ReplicaState.Live, progress.State);
        // What is stored says so too.
        Assert.Equal(0, Open(New(progress.PositionOf(A, T + 2 * Kept)), T + 2 * Kept));
    }

    [Fact]
    public void Quiet_lane_stays_complete_by_its_sources_words()
    {
        var progress = New();
        Open(progress, T);
        progress.Applied(Batch(12, atTail: true, "a"), T);
        for (var hour = 1; hour < 5; hour++)
            progress.Heard(Word(T + 0.9 * hour * Kept, 12), T + 0.9 * hour * Kept);
        progress.Applied(Batch(13, atTail: true, "b"), T + 4.4 * Kept);
        Assert.Null(progress.Overdue);
        // Without a word it would be.
        progress.Applied(Batch(14, atTail: true, "b"), T + 6 * Kept);
        Assert.NotNull(progress.Overdue);
    }

    [Fact]
    public void Position_of_a_log_that_kept_deletes_for_ever_tells_no_time()
    {
        Assert.Equal(0, Open(New(new LanePosition(A, 1, 10)), T));
        Assert.Equal(10, New(new LanePosition(A, 1, 10)).Open(new LaneOpened(A, 1, 12), T));
    }

    private static long Open(ReplicaProgress progress, DateTimeOffset now) =>
        progress.Open(new LaneOpened(A, 1, 12) { DeletesKept = Kept }, now);

    private static LanePosition Stored(DateTimeOffset completeAt)
    {
        var progress = New();
        Open(progress, completeAt);
        return progress.PositionAfter(Batch(10, atTail: true, "a", "b", "c"), completeAt);
    }

    private static LaneBatch Batch(long next, bool atTail, params string[] keys) =>
        new(A, [.. keys.Select(k => new ReceivedEvent(null, 0, k, "not read"))], next, atTail);

    private static ReplicaProgress New(params LanePosition[] positions) =>
        new(new(default, positions.Length > 0, positions, default, 0, 0, 0), ApplyRules.Default);

    private static ReplicaRow Row(string key, long epoch = 3) =>
        new()
        {
            Key = key,
            Revision = new(epoch, 1),
            Deleted = false,
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = default,
            CapturedAt = T,
        };

    private static Heartbeat Word(DateTimeOffset clock, long end) =>
        new()
        {
            Source = "orders",
            Destination = A.Destination,
            Epoch = 3,
            LeaseId = Guid.Empty,
            Clock = clock,
            Interval = TimeSpan.FromSeconds(1),
            Ends = [new(A, 1, end, 0)],
            FirstRepublishEnded = true,
        };
}
