using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Tests.Consuming;

/// <summary>A caller's wait until its state is applied and handled, whatever overtakes what.</summary>
public sealed class ChangeWatchTests
{
    private readonly ChangeWatches _watches = new();

    [Fact]
    public void Wait_ends_at_once_where_all_happened_before_the_revision_was_known()
    {
        var watch = _watches.Add("a", handlersToo: true);
        Commit("a", 1, "h");
        _watches.Ended(Pending("a", 1, "h"), null);
        Assert.False(watch.Done.IsCompleted);
        Want(watch, 1);
        Assert.True(watch.Done.IsCompletedSuccessfully);
    }

    [Fact]
    public void Every_handler_that_the_commit_named_must_have_run()
    {
        var watch = Watch("a", 1);
        Commit("a", 1, "h", "i");
        _watches.Ended(Pending("a", 1, "h"), null);
        Assert.False(watch.Done.IsCompleted);
        _watches.Ended(Pending("a", 1, "i"), null);
        Assert.True(watch.Done.IsCompletedSuccessfully);
    }

    [Fact]
    public void Run_over_an_older_state_counts_for_nothing()
    {
        var watch = Watch("a", 2);
        Commit("a", 1, "h");
        _watches.Ended(Pending("a", 1, "h"), new InvalidOperationException("older"));
        Commit("a", 2, "h");
        Assert.False(watch.Done.IsCompleted);
        _watches.Ended(Pending("a", 2, "h"), null);
        Assert.True(watch.Done.IsCompletedSuccessfully);
    }

    [Fact]
    public void Newer_state_that_swallowed_it_stands_for_it()
    {
        var watch = Watch("a", 2);
        Commit("a", 3, "h");
        _watches.Ended(Pending("a", 3, "h"), null);
        Assert.True(watch.Done.IsCompletedSuccessfully);
    }

    [Fact]
    public void First_run_decides_not_a_later_try()
    {
        var watch = Watch("a", 1);
        Commit("a", 1, "h", "i");
        _watches.Ended(Pending("a", 1, "h"), new InvalidOperationException("first"));
        _watches.Ended(Pending("a", 1, "h"), null);
        _watches.Ended(Pending("a", 1, "i"), null);
        Assert.Equal("first", watch.Done.Exception?.InnerException?.Message);
    }

    [Fact]
    public void Caller_that_does_not_wait_for_handlers_waits_for_the_commit_only()
    {
        var watch = _watches.Add("a", handlersToo: false);
        Want(watch, 1);
        Commit("b", 1, "h");
        Assert.False(watch.Done.IsCompleted);
        Commit("a", 1, "h");
        Assert.True(watch.Done.IsCompletedSuccessfully);
    }

    [Fact]
    public void Commit_that_nobody_saw_is_found_in_the_store()
    {
        var (applied, missing) = (Watch("a", 2), Watch("b", 2));
        Assert.Equal(["a", "b"], _watches.Keys.Order());
        _watches.Found([Row("a", 2), Row("b", 1)]);
        Assert.True(applied.Done.IsCompletedSuccessfully);
        Assert.False(missing.Done.IsCompleted);
    }

    [Fact]
    public void Removed_watch_is_told_nothing_and_a_close_ends_all_others_and_later_ones()
    {
        var (removed, waiting) = (Watch("a", 1), Watch("a", 1));
        _watches.Remove(removed);
        _watches.Close(new OperationCanceledException("stops"));
        Assert.False(removed.Done.IsCompleted);
        Assert.True(waiting.Done.IsFaulted);
        Assert.True(_watches.Add("b", handlersToo: true).Done.IsFaulted);
    }

    private static PendingChange Pending(string key, long revision, string handler) =>
        new()
        {
            Handler = handler,
            Key = key,
            Revision = new(1, revision),
            Operation = StateOperation.Upsert,
            CapturedAt = DateTimeOffset.UnixEpoch,
        };

    private static ReplicaRow Row(string key, long revision) =>
        new()
        {
            Key = key,
            Revision = new(1, revision),
            Deleted = false,
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = Fingerprint.Of("schema"u8),
            CapturedAt = DateTimeOffset.UnixEpoch,
        };

    private ChangeWatch Watch(string key, long revision)
    {
        var watch = _watches.Add(key, handlersToo: true);
        Want(watch, revision);
        return watch;
    }

    private void Want(ChangeWatch watch, long revision) => _watches.Want(watch, new(1, revision));

    private void Commit(string key, long revision, params string[] handlers)
    {
        var plan = new ReplicaPlan();
        plan.Rows.Add(Row(key, revision));
        plan.Pending.AddRange(handlers.Select(h => Pending(key, revision, h)));
        _watches.Committed(plan, "replica");
    }
}
