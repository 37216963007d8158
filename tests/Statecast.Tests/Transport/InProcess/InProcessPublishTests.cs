using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Events;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;
using Statecast.Replicas;
using Statecast.Tests.Hosting;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Tests.Transport.InProcess;

/// <summary>A component without a database, mediator style.</summary>
public sealed class InProcessPublishTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publish_returns_when_the_state_is_applied_and_every_handler_ran()
    {
        await using var mediator = await Mediator.StartAsync(r => r.On<Listen>().On<ListenToo>());
        mediator.Heard.Does = async _ => await Task.Delay(20, Ct);
        var note = new NoteState(1, "a");
        var token = await mediator.Publisher.PublishAsync(note, Ct);
        Assert.Equal(["first", "second"], mediator.Heard.Handlers.Order());
        // The object itself, in the handlers as in the replica.
        Assert.All(mediator.Heard.Changes, c => Assert.Same(note, c.Current));
        Assert.Same(note, await mediator.Replica.GetAsync(1, ct: Ct));
        Assert.Equal(("1", 1), (token.Key, token.Revision.Number));
    }

    [Fact]
    public async Task Publish_right_after_the_start_waits_for_the_replica_and_is_heard()
    {
        for (var i = 0; i < 10; i++)
        {
            await using var mediator = await Mediator.StartAsync();
            await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct);
            Assert.Single(mediator.Heard.Changes);
        }
    }

    [Fact]
    public async Task Previous_and_cause_reach_the_handler_as_objects()
    {
        await using var mediator = await Mediator.StartAsync();
        var (first, second) = (new NoteState(1, "a"), new NoteState(1, "b"));
        await mediator.Publisher.PublishAsync(first, "Written", Ct);
        await mediator.Publisher.PublishAsync(second, "Corrected", Ct);
        var change = mediator.Heard.Changes[^1];
        Assert.Same(first, change.Previous);
        Assert.Same(second, change.Current);
        Assert.Equal(["Corrected"], change.Causes);
    }

    [Fact]
    public async Task Unchanged_state_publishes_nothing()
    {
        await using var mediator = await Mediator.StartAsync();
        var first = await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct);
        var again = await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct);
        Assert.Equal(first, again);
        Assert.Single(mediator.Heard.Changes);
        Assert.Equal(1, mediator.Status.Counters.Received);
    }

    [Fact]
    public async Task Deleted_key_goes_on_above_its_tombstone_when_created_again()
    {
        await using var mediator = await Mediator.StartAsync();
        var publisher = mediator.Publisher;
        Assert.Null(await publisher.DeleteAsync<NoteState>(1, Ct));
        var created = await publisher.PublishAsync(new NoteState(1, "a"), Ct);
        var deleted = await publisher.DeleteAsync<NoteState>(1, Ct);
        Assert.Null(await mediator.Replica.GetAsync(1, ct: Ct));
        Assert.Equal(deleted, await publisher.DeleteAsync<NoteState>(1, Ct));
        // The very same content: still a change.
        var again = await publisher.PublishAsync(new NoteState(1, "a"), Ct);
        Assert.Equal([1, 2, 3], new[] { created, deleted!, again }.Select(t => t.Revision.Number));
        Assert.Equal("a", (await mediator.Replica.GetAsync(1, ct: Ct))?.Text);
        Assert.Equal(
            [StateOperation.Upsert, StateOperation.Delete, StateOperation.Upsert],
            mediator.Heard.Changes.Select(c => c.Operation)
        );
    }

    [Fact]
    public async Task Exception_of_a_handler_reaches_the_caller_and_the_state_stays_applied()
    {
        await using var mediator = await Mediator.StartAsync();
        var calls = 0;
        mediator.Heard.Does = _ => Interlocked.Increment(ref calls) == 1 ? throw new InvalidTimeZoneException("no") : Task.CompletedTask;
        var thrown = await Assert.ThrowsAsync<InvalidTimeZoneException>(async () =>
            await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct)
        );
        Assert.Equal("no", thrown.Message);
        Assert.Equal("a", (await mediator.Replica.GetAsync(1, ct: Ct))?.Text);
        // Tried again by itself, as over any carrier.
        await TargetHost.Until(() => calls == 2);
    }

    [Fact]
    public async Task Exceptions_of_several_handlers_reach_the_caller_together()
    {
        await using var mediator = await Mediator.StartAsync(r => r.On<Listen>().On<ListenToo>());
        mediator.Heard.Does = _ => throw new InvalidTimeZoneException("no");
        var thrown = await Assert.ThrowsAsync<AggregateException>(async () =>
            await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct)
        );
        Assert.Equal(2, thrown.InnerExceptions.Count);
    }

    [Fact]
    public async Task Publish_of_several_keys_waits_for_all_and_tells_every_failure()
    {
        await using var mediator = await Mediator.StartAsync();
        var (failed, ended) = (0, 0);
        mediator.Heard.Does = async change =>
        {
            if (change.Key != "2")
            {
                Interlocked.Increment(ref failed);
                throw new InvalidTimeZoneException(change.Key);
            }
            // Ends long after the others have failed.
            await TargetHost.Until(() => Volatile.Read(ref failed) >= 2);
            await Task.Delay(100, Ct);
            Interlocked.Increment(ref ended);
        };
        IReadOnlyList<StateWrite> writes = [.. Enumerable.Range(1, 3).Select(id => StateWrite.Upsert(new NoteState(id, "a")))];
        var thrown = await Assert.ThrowsAsync<AggregateException>(async () => await mediator.Publisher.PublishAsync(writes, Ct));
        Assert.Equal(["1", "3"], thrown.InnerExceptions.Select(e => Assert.IsType<InvalidTimeZoneException>(e).Message).Order());
        Assert.Equal(1, ended);
    }

    [Fact]
    public async Task Failures_of_several_keys_and_handlers_lie_side_by_side()
    {
        await using var mediator = await Mediator.StartAsync(r => r.On<Listen>().On<ListenToo>());
        mediator.Heard.Does = _ => throw new InvalidTimeZoneException("no");
        IReadOnlyList<StateWrite> writes = [StateWrite.Upsert(new NoteState(1, "a")), StateWrite.Upsert(new NoteState(2, "a"))];
        var thrown = await Assert.ThrowsAsync<AggregateException>(async () => await mediator.Publisher.PublishAsync(writes, Ct));
        Assert.Equal(4, thrown.InnerExceptions.Count);
        Assert.All(thrown.InnerExceptions, e => Assert.IsType<InvalidTimeZoneException>(e));
    }

    [Fact]
    public async Task Only_failure_among_several_keys_is_thrown_as_it_was()
    {
        await using var mediator = await Mediator.StartAsync();
        mediator.Heard.Does = c => c.Key == "2" ? throw new InvalidTimeZoneException("no") : Task.CompletedTask;
        IReadOnlyList<StateWrite> writes = [.. Enumerable.Range(1, 3).Select(id => StateWrite.Upsert(new NoteState(id, "a")))];
        await Assert.ThrowsAsync<InvalidTimeZoneException>(async () => await mediator.Publisher.PublishAsync(writes, Ct));
    }

    [Fact]
    public async Task Slow_handler_of_one_key_holds_up_no_other_key()
    {
        await using var mediator = await Mediator.StartAsync();
        var gate = new TaskCompletionSource();
        mediator.Heard.Does = c => c.Key == "1" ? gate.Task : Task.CompletedTask;
        var slow = mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct).AsTask();
        await TargetHost.Until(() => mediator.Heard.Changes.Count == 1);
        for (var id = 2; id <= 10; id++)
            await mediator.Publisher.PublishAsync(new NoteState(id, "a"), Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(5), Ct);
        Assert.False(slow.IsCompleted);
        gate.SetResult();
        await slow;
    }

    [Fact]
    public async Task Concurrent_publishes_keep_the_order_of_every_key()
    {
        await using var mediator = await Mediator.StartAsync();
        var tokens = await Task.WhenAll(
            Enumerable
                .Range(0, 400)
                .Select(i => Task.Run(async () => await mediator.Publisher.PublishAsync(new NoteState(i % 8, $"{i}"), Ct), Ct))
        );
        Assert.Equal(400, tokens.Distinct().Count());
        foreach (var key in mediator.Heard.Changes.GroupBy(c => c.Key))
        {
            var revisions = key.Select(c => c.Revision.Number).ToList();
            Assert.Equal(revisions.Order(), revisions);
            Assert.Equal(50, revisions[^1]);
            // What a handler saw as previous is what it saw before.
            Assert.Equal(key.SkipLast(1).Select(c => c.Current?.Text), key.Skip(1).Select(c => c.Previous?.Text));
        }
        var counters = mediator.Status.Counters;
        Assert.Equal(counters.Received, counters.Applied + counters.Superseded);
    }

    [Fact]
    public async Task Queued_publish_returns_before_the_handler_ended()
    {
        await using var mediator = await Mediator.StartAsync(mode: InProcessMode.Queued);
        var gate = new TaskCompletionSource();
        mediator.Heard.Does = async _ =>
        {
            await gate.Task;
            throw new InvalidTimeZoneException("nobody hears it");
        };
        var token = await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(5), Ct);
        Assert.Equal("a", (await mediator.Replica.GetAsync(1, token, ct: Ct))?.Text);
        gate.SetResult();
        await TargetHost.Until(() => mediator.Heard.Changes.Count > 1);
    }

    [Fact]
    public async Task Publish_from_inside_a_handler_returns_when_applied_and_is_handled_after()
    {
        await using var mediator = await Mediator.StartAsync();
        string? seen = null;
        mediator.Heard.Does = async change =>
        {
            if (change.Current is not { Text: "a" })
                return;
            // The same key: waiting for its handlers would wait for this very call.
            await mediator.Publisher.PublishAsync(new NoteState(1, "b"), Ct);
            seen = (await mediator.Replica.GetAsync(1, ct: Ct))?.Text;
        };
        await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Ct);
        Assert.Equal("b", seen);
        await TargetHost.Until(() => mediator.Heard.Changes.Count == 2);
        Assert.Equal("b", mediator.Heard.Changes[1].Current?.Text);
    }

    [Fact]
    public async Task State_that_the_replica_parks_is_told_to_the_caller()
    {
        var index = StateIndex.On<NoteState, string>("length", n => n.Text == "bad" ? throw new FormatException("no") : n.Text);
        await using var mediator = await Mediator.StartAsync(r => r.Index(index).On<Listen>());
        var parked = await Assert.ThrowsAsync<StateParkedException>(async () =>
            await mediator.Publisher.PublishAsync(new NoteState(1, "bad"), Ct)
        );
        Assert.Contains("length", parked.Message);
        Assert.Empty(mediator.Heard.Changes);
        await mediator.Publisher.PublishAsync(new NoteState(1, "good"), Ct);
        Assert.Single(await mediator.Replica.QueryAsync(index, "good", ct: Ct).ToListAsync(Ct));
    }

    [Fact]
    public async Task Several_writes_come_in_the_order_given()
    {
        await using var mediator = await Mediator.StartAsync();
        var tokens = await mediator.Publisher.PublishAsync(
            [StateWrite.Upsert(new NoteState(2, "a")), StateWrite.Upsert(new NoteState(1, "a")), StateWrite.Delete<NoteState>(2, "Gone")],
            Ct
        );
        Assert.Equal([("2", 1), ("1", 1), ("2", 2)], tokens.Select(t => (t.Key, t.Revision.Number)));
        Assert.Null(await mediator.Replica.GetAsync(2, ct: Ct));
    }

    [Fact]
    public async Task Republish_says_the_states_again_and_handlers_stay_silent()
    {
        await using var mediator = await Mediator.StartAsync();
        await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct);
        await mediator.Publisher.PublishAsync(new NoteState(2, "a"), Ct);
        await mediator.Publisher.DeleteAsync<NoteState>(2, Ct);
        var (heard, received) = (mediator.Heard.Changes.Count, mediator.Status.Counters.Received);
        await mediator.Statecast.RepublishAsync("test.note", ct: Ct);
        await mediator.Statecast.WhenIdleAsync(Ct);
        Assert.Equal((heard, received + 1), (mediator.Heard.Changes.Count, mediator.Status.Counters.Received));
        Assert.Equal(ReplicaState.Live, mediator.Status.State);
        Assert.Null(mediator.Status.Freshness.Unknown);
    }

    [Fact]
    public async Task Value_that_cannot_travel_is_refused_and_nothing_is_published()
    {
        await using var mediator = await Mediator.StartAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () => await mediator.Publisher.PublishAsync(new NoteState(1, "\ud800"), Ct));
        await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct);
        Assert.Equal(1, mediator.Status.Counters.Received);
    }

    [Fact]
    public async Task State_above_the_event_limit_is_refused_and_nothing_is_published()
    {
        await using var mediator = await Mediator.StartAsync();
        IReadOnlyList<StateWrite> writes =
        [
            StateWrite.Upsert(new NoteState(1, "a")),
            StateWrite.Upsert(new NoteState(2, new string('x', 2_000_000))),
        ];
        var refused = await Assert.ThrowsAsync<CaptureException>(async () => await mediator.Publisher.PublishAsync(writes, Ct));
        Assert.Equal(("test.note", "2"), (refused.Contract, refused.Key));
        Assert.Contains("2,000,005 bytes as avro; at most 921,600 travel", refused.Message);
        Assert.Equal(0, mediator.Status.Counters.Received);
        await mediator.Publisher.PublishAsync(new NoteState(2, new string('x', 900_000)), Ct);
        Assert.Equal(1, mediator.Status.Counters.Received);
    }

    [Fact]
    public async Task Value_that_cannot_travel_keeps_back_the_writes_before_it_too()
    {
        await using var mediator = await Mediator.StartAsync();
        IReadOnlyList<StateWrite> writes = [StateWrite.Upsert(new NoteState(1, "a")), StateWrite.Upsert(new NoteState(2, "\ud800"))];
        await Assert.ThrowsAnyAsync<Exception>(async () => await mediator.Publisher.PublishAsync(writes, Ct));
        Assert.Equal(0, mediator.Status.Counters.Received);
        Assert.Null(await mediator.Replica.GetAsync(1, ct: Ct));
    }

    [Fact]
    public async Task Task_begun_in_a_handler_waits_for_handlers_once_that_has_ended()
    {
        await using var mediator = await Mediator.StartAsync();
        var over = new TaskCompletionSource();
        var (handled, waited) = (false, Task.FromResult(false));
        mediator.Heard.Does = async change =>
        {
            if (change.Key == "1")
                waited = Task.Run(
                    async () =>
                    {
                        await over.Task;
                        await mediator.Publisher.PublishAsync(new NoteState(2, "a"), Ct);
                        return handled;
                    },
                    Ct
                );
            else
            {
                await Task.Delay(50, Ct);
                handled = true;
            }
        };
        await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct);
        over.SetResult();
        Assert.True(await waited);
    }

    [Fact]
    public async Task Index_finds_an_object_by_a_value_equal_to_its_own()
    {
        var at = StateIndex.OnValue<NoteState, DateTimeOffset>("at", n => DateTimeOffset.Parse(n.Text, CultureInfo.InvariantCulture));
        await using var mediator = await Mediator.StartAsync(r => r.Index(at));
        await mediator.Publisher.PublishAsync(new NoteState(1, "2026-03-01T14:00:00.1234567+02:00"), Ct);
        var utc = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddMicroseconds(123_456);
        Assert.Equal([1], (await mediator.Replica.QueryAsync(at, utc, ct: Ct).ToListAsync(Ct)).Select(n => n.Key));
    }

    [Fact]
    public async Task Cancelled_wait_leaves_the_state_published()
    {
        await using var mediator = await Mediator.StartAsync();
        var gate = new TaskCompletionSource();
        mediator.Heard.Does = _ => gate.Task;
        using var cancelled = new CancellationTokenSource();
        var publish = mediator.Publisher.PublishAsync(new NoteState(1, "a"), cancelled.Token).AsTask();
        await TargetHost.Until(() => mediator.Heard.Changes.Count == 1);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publish);
        Assert.Equal("a", (await mediator.Replica.GetAsync(1, ct: Ct))?.Text);
        gate.SetResult();
    }

    [Fact]
    public async Task Stop_ends_who_still_waits()
    {
        var mediator = await Mediator.StartAsync();
        mediator.Heard.Does = _ => Task.Delay(Timeout.Infinite, Ct);
        var publish = mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct).AsTask();
        await TargetHost.Until(() => mediator.Heard.Changes.Count == 1);
        var publisher = mediator.Publisher;
        var stop = mediator.Services.GetRequiredService<IHost>().StopAsync(Ct);
        var ended = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publish.WaitAsync(TimeSpan.FromSeconds(5), Ct));
        Assert.Contains("stops", ended.Message);
        await Assert.ThrowsAsync<SourceException>(async () => await publisher.PublishAsync(new NoteState(2, "a"), Ct));
        GC.KeepAlive(stop);
    }
}
