using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Consuming;

/// <summary>Protocol sections 3 and 4: when a replica is complete, and how fresh it may say it is.</summary>
public sealed class ReplicaProgressTests
{
    private static readonly LaneId A = new("c.v1", 0);
    private static readonly LaneId B = new("c.v1", 1);
    private static readonly DateTimeOffset T = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Replica_is_live_when_tails_are_found_and_a_word_is_believed()
    {
        var progress = New();
        Assert.Equal(ReplicaState.Empty, progress.State);
        progress.Open(A, 1, 10);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
        progress.Applied(A, 10, atTail: true);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
        progress.Heard(Word(T, A, 10), T);
        Assert.True(progress.BecomesLive);
        Assert.Equal(ReplicaState.Live, progress.State);
        Assert.Equal(T, progress.FreshnessAt(T, 0).AsOf);
    }

    // Of a replica that instances share: the rows may be old until the lane's tail was found.
    [Fact]
    public void Lane_that_is_given_is_coming_until_its_tail_is_found()
    {
        var progress = New();
        progress.Open(A, 1, 10);
        var keys = Enumerable.Range(0, 100).Select(n => $"{n}").GroupBy(k => KeyText.Lane(k, 2)).ToDictionary(g => g.Key, g => g.First());
        Assert.Equal((true, false), (Refusal(keys[0]), Refusal(keys[1])));
        progress.Applied(A, 10, atTail: false);
        Assert.True(Refusal(keys[0]));
        progress.Applied(A, 10, atTail: true);
        Assert.Null(Refusal(keys[0]));
        Assert.False(Refusal(keys[1]));

        // Whether the key is coming; null if it is answered for.
        bool? Refusal(string key) =>
            Record.Exception(() => new HeldLanes(2, progress, ApplyRules.Default).Require("c.v1", key)) is StateElsewhereException e
                ? e.IsComing
                : null;
    }

    [Fact]
    public void End_seen_at_the_start_is_no_tail()
    {
        var progress = New();
        progress.Open(A, 1, 2);
        progress.Applied(A, 2, atTail: false);
        progress.Heard(Word(T, A, 2), T);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
    }

    [Fact]
    public void Word_below_the_found_tail_is_not_believed()
    {
        var progress = New();
        progress.Open(A, 1, 5);
        progress.Applied(A, 5, atTail: true);
        progress.Heard(Word(T, A, 4), T);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
        progress.Heard(Word(T.AddSeconds(1), A, 5), T);
        Assert.Equal(ReplicaState.Live, progress.State);
    }

    [Fact]
    public void Word_of_another_incarnation_is_not_believed()
    {
        var progress = New();
        progress.Open(A, 2, 5);
        progress.Applied(A, 5, atTail: true);
        progress.Heard(Word(T, A, 5, incarnation: 1), T);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
    }

    [Fact]
    public void Lane_that_is_not_read_keeps_the_replica_from_live()
    {
        var progress = New();
        progress.Open(A, 1, 0);
        progress.Applied(A, 0, atTail: true);
        progress.Heard(Word(T, (A, 0), (B, 0)), T);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
    }

    [Fact]
    public void First_republish_must_have_ended()
    {
        var progress = New();
        progress.Open(A, 1, 0);
        progress.Applied(A, 0, atTail: true);
        progress.Heard(Word(T, A, 0) with { FirstRepublishEnded = false }, T);
        Assert.Equal(ReplicaState.Bootstrapping, progress.State);
    }

    [Fact]
    public void Freshness_waits_until_a_tail_at_the_ends_is_found()
    {
        var progress = Live();
        progress.Heard(Word(T.AddSeconds(1), A, 12), T.AddSeconds(1));
        Assert.Equal(T, progress.FreshnessAt(T.AddSeconds(1), 0).AsOf);
        progress.Applied(A, 12, atTail: false);
        // What stood below 12 may have been compacted away in favour of records beyond.
        Assert.Equal(T, progress.FreshnessAt(T.AddSeconds(1), 0).AsOf);
        progress.Applied(A, 13, atTail: true);
        Assert.Equal(T.AddSeconds(1), progress.FreshnessAt(T.AddSeconds(1), 0).AsOf);
    }

    [Fact]
    public void Word_on_what_compaction_may_have_taken_is_not_believed()
    {
        var progress = Live();
        progress.Applied(new LaneBatch(A, [], 12, AtTail: false) { HasGaps = true });
        progress.Applied(A, 15, atTail: true);
        // Where the gap is may have stood the newest of a key, gone in favour of an older state that landed late: the word was said before that was noticed.
        progress.Heard(Word(T.AddSeconds(1), A, 13), T.AddSeconds(1));
        Assert.Equal(T, progress.FreshnessAt(T.AddSeconds(1), 0).AsOf);
        Assert.Equal(ReplicaState.Live, progress.State);
        progress.Heard(Word(T.AddSeconds(2), A, 15), T.AddSeconds(2));
        Assert.Equal(T.AddSeconds(2), progress.FreshnessAt(T.AddSeconds(2), 0).AsOf);

        // Without gaps any end that a tail was found at or above.
        progress.Applied(A, 20, atTail: true);
        progress.Heard(Word(T.AddSeconds(3), A, 17), T.AddSeconds(3));
        Assert.Equal(T.AddSeconds(3), progress.FreshnessAt(T.AddSeconds(3), 0).AsOf);
    }

    [Fact]
    public void Freshness_follows_under_constant_load()
    {
        var progress = Live();
        for (var i = 1; i <= 50; i++)
        {
            progress.Heard(Word(T.AddSeconds(i), A, 10 + i), T.AddSeconds(i));
            progress.Applied(A, 10 + i - 1, atTail: i % 5 == 0);
        }
        Assert.Equal(T.AddSeconds(49), progress.FreshnessAt(T.AddSeconds(50), 0).AsOf);
    }

    [Fact]
    public void Three_missed_words_make_it_unknown()
    {
        var progress = Live();
        Assert.True(progress.FreshnessAt(T.AddSeconds(3), 0).IsKnown);
        Assert.False(progress.FreshnessAt(T.AddSeconds(3.1), 0).IsKnown);
    }

    [Fact]
    public void Same_word_read_again_is_no_sign_of_life()
    {
        var progress = Live();
        progress.Heard(Word(T, A, 10), T.AddSeconds(10));
        Assert.False(progress.FreshnessAt(T.AddSeconds(10), 0).IsKnown);
    }

    [Fact]
    public void Older_word_of_a_zombie_is_ignored()
    {
        var progress = Live();
        progress.Heard(Word(T.AddSeconds(-5), A, 3), T.AddSeconds(1));
        Assert.Equal(T, progress.FreshnessAt(T.AddSeconds(1), 0).AsOf);
    }

    [Fact]
    public void Parked_event_makes_it_unknown()
    {
        Assert.False(Live().FreshnessAt(T, parked: 1).IsKnown);
    }

    [Fact]
    public void Clock_that_jumped_back_makes_it_unknown()
    {
        Assert.False(Live().FreshnessAt(T.AddHours(-1), 0).IsKnown);
    }

    [Fact]
    public void Restarted_replica_answers_while_it_catches_up()
    {
        var progress = New(wasLive: true, new LanePosition(A, 1, 10));
        Assert.Equal(ReplicaState.CatchingUp, progress.State);
        Assert.Equal(10, progress.Open(A, 1, 12));
        Assert.True(progress.WasLive);
    }

    [Fact]
    public void Position_of_another_incarnation_starts_anew()
    {
        var progress = New(wasLive: true, new LanePosition(A, 1, 10));
        Assert.Equal(0, progress.Open(A, 2, 12));
    }

    [Fact]
    public void Closed_lane_claims_nothing()
    {
        var progress = Live();
        progress.Close(A);
        Assert.NotEqual(ReplicaState.Live, progress.State);
        progress.Applied(A, 11, atTail: true);
        Assert.NotEqual(ReplicaState.Live, progress.State);
    }

    private static ReplicaProgress Live()
    {
        var progress = New();
        progress.Open(A, 1, 10);
        progress.Applied(A, 10, atTail: true);
        progress.Heard(Word(T, A, 10), T);
        Assert.Equal(ReplicaState.Live, progress.State);
        return progress;
    }

    private static ReplicaProgress New(bool wasLive = false, params LanePosition[] positions) =>
        new(new(default, wasLive, positions, default, 0, 0, 0), ApplyRules.Default);

    private static Heartbeat Word(DateTimeOffset clock, LaneId lane, long end, long incarnation = 1) =>
        Word(clock, (lane, end)) with
        {
            Ends = [new(lane, incarnation, end, 0)],
        };

    private static Heartbeat Word(DateTimeOffset clock, params (LaneId Lane, long End)[] ends) =>
        new()
        {
            Source = "orders",
            Destination = "c.v1",
            Epoch = 1,
            LeaseId = Guid.Empty,
            Clock = clock,
            Interval = TimeSpan.FromSeconds(1),
            Ends = [.. ends.Select(e => new LaneEnd(e.Lane, 1, e.End, 0))],
            FirstRepublishEnded = true,
        };
}
