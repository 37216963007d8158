using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Publishing;
using Xunit;

namespace Statecast.Tests.Publishing;

/// <summary>Answers to targets that ask for ranges of a run: protocol section 7 at the source.</summary>
public sealed class SnapshotRepublisherTests
{
    private static readonly Route Queue = new("queue", "tests.item.v1", 2, "json");
    private static readonly Route Log = new("log", "tests.item.v1", 8, "json");
    private readonly MemoryCaptureStore _store = new();
    private readonly SortedDictionary<string, object?> _rows = new(StringComparer.Ordinal);
    private readonly Publication<Item> _publication = PublishingSamples.Publication<Item>(Queue, Log);
    private readonly StateCapture _capture = new(TimeProvider.System, SystemEntropy.Instance);

    public SnapshotRepublisherTests() => Published(ended: true);

    [Theory, InlineData(1), InlineData(2), InlineData(100)]
    public async Task Range_goes_out_between_its_marks_with_the_cut_of_before(int chunk)
    {
        await SavedAsync("a", "b", "c", "d", "e");
        await SavedAsync(("b", null));
        var run = Run("q", lane: 1);
        _store.NextNumbers[run.Live] = 8;
        await AskAsync(run, BucketRange.All);
        await ChunkAsync(chunk);
        Assert.Equal(StateOperation.RangeBegin, Assert.Single(_store.Outbox).Operation);
        _store.NextNumbers[run.Live] = 99;
        await DrainAsync(chunk);

        var keys = new[] { "a", "b", "c", "d", "e" }.Where(k => KeyText.Lane(k, 2) == 1).ToList();
        Assert.NotEmpty(keys);
        Assert.Equal([StateOperation.RangeBegin, .. keys.Select(Said), StateOperation.RangeEnd], _store.Outbox.Select(r => r.Operation));
        Assert.Equal(keys, _store.Outbox.Skip(1).SkipLast(1).Select(r => r.Key));
        Assert.All(_store.Outbox, r => Assert.Equal((run.Lane, "queue", true), (r.Lane, r.Carrier, r.KeepEach)));
        foreach (var mark in new[] { _store.Outbox[0], _store.Outbox[^1] })
            Assert.Equal(new RangeMark(run.Run, BucketRange.All, 7), RangeMark.Read(mark.Body.Span));
        Assert.Empty(_store.Tasks);

        static StateOperation Said(string key) => key == "b" ? StateOperation.Delete : StateOperation.Snapshot;
    }

    [Fact]
    public async Task Range_goes_on_in_another_process_where_it_was()
    {
        await SavedAsync([.. Enumerable.Range(0, 40).Select(i => $"k{i}")]);
        var run = Run("q", lane: 0);
        await AskAsync(run, BucketRange.All);
        // Every chunk by a republisher of its own.
        while ((await new Republisher(_capture, _store).ChunkAsync(Session(), 3)).Worked) { }
        var keys = _store.Outbox.Where(r => r.Operation == StateOperation.Snapshot).Select(r => r.Key).ToList();
        Assert.Equal(_rows.Keys.Where(k => KeyText.Lane(k, 2) == 0).Order(StringComparer.Ordinal), keys.Order(StringComparer.Ordinal));
        Assert.Single(_store.Outbox, r => r.Operation == StateOperation.RangeBegin);
        Assert.Single(_store.Outbox, r => r.Operation == StateOperation.RangeEnd);
    }

    [Fact]
    public async Task Change_past_capture_goes_to_everybody_and_to_who_asked()
    {
        await SavedAsync("a");
        _rows["a"] = new Item("a", "changed past capture");
        var run = Run("q", KeyText.Lane("a", 2));
        await AskAsync(run, BucketRange.All);
        await DrainAsync(10);
        Assert.Equal(
            [
                (run.Lane, StateOperation.Snapshot, 2L),
                (new LaneId("tests.item.v1", KeyText.Lane("a", 2)), StateOperation.Upsert, 2),
                (new LaneId("tests.item.v1", KeyText.Lane("a", 8)), StateOperation.Upsert, 2),
            ],
            _store.Outbox.Where(r => r.Key == "a").Select(r => (r.Lane, r.Operation, r.Revision)).OrderByDescending(r => r.Lane == run.Lane)
        );
    }

    [Fact]
    public async Task Request_waits_until_the_first_republish_ended()
    {
        await SavedAsync("a");
        Published(ended: false);
        await AskAsync(Run("q", 0), BucketRange.All);
        Assert.False((await ChunkAsync(10)).Worked);
        Assert.Empty(_store.Outbox);
        Published(ended: true);
        Assert.True((await ChunkAsync(10)).Worked);
    }

    [Theory, InlineData(10), InlineData(1)]
    public async Task Target_that_is_sent_slowly_waits_and_holds_up_nobody(int maxKeys)
    {
        await SavedAsync("a");
        var (slow, quick) = (Run("a-slow", 0), Run("quick", 0));
        await AskAsync(slow, BucketRange.All);
        for (var i = 0; i < SnapshotRepublisher.MaxUnsent; i++)
            _store.Outbox.Add(
                slow.Mark("tests.item", StateOperation.RangeBegin, new(slow.Run, BucketRange.All, 0), DateTimeOffset.UnixEpoch)
            );
        var chunk = await ChunkAsync(maxKeys);
        Assert.Equal((false, true), (chunk.Worked, chunk.Waits));
        await AskAsync(quick, BucketRange.All);
        await DrainAsync(maxKeys);
        Assert.Equal(StateOperation.RangeEnd, _store.Outbox[^1].Operation);
        Assert.Equal(quick.Lane, _store.Outbox[^1].Lane);
        _store.Outbox.Clear();
        await DrainAsync(maxKeys);
        Assert.Empty(_store.Tasks);
    }

    [Fact]
    public async Task Targets_have_their_turns_beside_what_goes_to_all()
    {
        await SavedAsync([.. Enumerable.Range(0, 30).Select(i => $"k{i}")]);
        await AskAsync(Run("x", 0), BucketRange.All);
        await AskAsync(Run("y", 0), BucketRange.All);
        await _store.QueueAsync(MemoryCaptureStore.Scope, [RepublishRequest.All("tests.item", "to all")]);
        var republisher = new Republisher(_capture, _store);
        var lanes = new List<string>();
        for (var i = 0; i < 9; i++)
        {
            _store.Outbox.Clear();
            await republisher.ChunkAsync(Session(), 4);
            lanes.Add(
                _store.Outbox.Count == 0 ? "-"
                : SnapshotLane.TryParse(_store.Outbox[0].Lane, out _, out var to) ? to
                : "all"
            );
        }
        Assert.Equal(3, lanes.Take(3).Append("-").Distinct().Count() - 1);
        Assert.True(
            lanes.Count(l => l == "x") >= 2 && lanes.Count(l => l == "y") >= 2 && lanes.Count(l => l == "all") >= 3,
            string.Join(' ', lanes)
        );
    }

    [Fact]
    public async Task Range_that_was_asked_for_twice_is_said_once()
    {
        await SavedAsync("a");
        var run = Run("q", 0);
        await AskAsync(run, BucketRange.Part(0, 2), BucketRange.Part(1, 2), BucketRange.Part(0, 2));
        await DrainAsync(10);
        Assert.Equal(2, _store.Outbox.Count(r => r.Operation == StateOperation.RangeEnd));
    }

    [Theory, InlineData(10), InlineData(1)]
    public async Task Run_that_its_target_left_is_answered_no_more(int maxKeys)
    {
        await SavedAsync("a", "b", "c", "d");
        var (left, other, ofOtherLane) = (Run("q", 0), Run("r", 0), Run("q", 1));
        foreach (var run in new[] { left, other, ofOtherLane })
            await AskAsync(run, BucketRange.All);
        var database = new MemoryDatabase(Session());
        var republisher = new Republisher(_capture, _store);
        // Each begins in its turn.
        foreach (var _ in _store.Tasks.Keys.ToList())
            await republisher.NextAsync(database, maxKeys, default);
        var newest = left;
        for (var start = 0; start < 20; start++)
            await AskAsync(newest = Run("q", 0), [.. Enumerable.Range(0, 4).Select(part => BucketRange.Part(part, 4))]);
        while ((await republisher.NextAsync(database, maxKeys, default)).Worked) { }

        Assert.Empty(_store.Tasks);
        Assert.Equal(Expected([(left, 1), (other, 1), (ofOtherLane, 1), (newest, 4)]), RunsOf(StateOperation.RangeBegin));
        Assert.Equal(Expected([(other, 1), (ofOtherLane, 1), (newest, 4)]), RunsOf(StateOperation.RangeEnd));

        IEnumerable<Guid> RunsOf(StateOperation mark) =>
            _store.Outbox.Where(r => r.Operation == mark).Select(r => RangeMark.Read(r.Body.Span).Run).Order();

        static IEnumerable<Guid> Expected(IEnumerable<(SnapshotRun Run, int Times)> runs) =>
            runs.SelectMany(r => Enumerable.Repeat(r.Run.Run, r.Times)).Order();
    }

    [Fact]
    public async Task Runs_that_were_left_do_not_pile_up_while_nothing_can_be_answered()
    {
        await SavedAsync("a");
        Published(ended: false);
        await AskAsync(Run("r", 0), BucketRange.All);
        SnapshotRun? newest = null;
        for (var start = 0; start < 500; start++)
            await AskAsync(newest = Run("q", 0), [.. Enumerable.Range(0, 4).Select(part => BucketRange.Part(part, 4))]);
        // A thousand are looked at each time.
        for (var look = 0; look < 3; look++)
            Assert.False((await ChunkAsync(10)).Worked);
        Assert.Equal(5, _store.Tasks.Count);
        Assert.Equal(4, _store.Tasks.Values.Count(t => t.Request.Destination == newest!.Destination));
    }

    [Fact]
    public async Task Range_with_a_state_that_cannot_be_said_does_not_end()
    {
        await SavedAsync("a", "b");
        _rows["a"] = new CaptureException("tests.item", "a", "too large");
        await AskAsync(Run("q", KeyText.Lane("a", 2)), BucketRange.All);
        await ChunkAsync(10);
        Assert.Equal("a", Assert.Single((await ChunkAsync(10)).PassedOver).Key);
        Assert.DoesNotContain(_store.Outbox, r => r.Operation == StateOperation.RangeEnd);
        Assert.Empty(_store.Tasks);
    }

    [Fact]
    public async Task What_was_read_before_the_transaction_is_written_in_it_without_another_read()
    {
        var keys = await SavedOfLaneAsync(1);
        await SavedAsync((keys[1], null));
        await AskAsync(Run("q", lane: 1), BucketRange.All);
        var database = new MemoryDatabase(Session());
        var republisher = new Republisher(_capture, _store);
        await republisher.NextAsync(database, 20, default);
        _store.Calls.Clear();
        database.BeforeWrite = () => database.Session.Selected.Clear();
        await republisher.NextAsync(database, 20, default);

        Assert.Equal(keys, _store.Outbox.Skip(1).SkipLast(1).Select(r => r.Key));
        Assert.Equal(StateOperation.Delete, _store.Outbox.Single(r => r.Key == keys[1]).Operation);
        Assert.Empty(database.Session.Selected);
        // Heads, in a look and under their locks; no key by itself.
        Assert.Equal(["look tests.item", "walk tests.item"], _store.Calls.Where(c => c.Split(' ')[0] is "look" or "walk" or "lock"));
    }

    // Large states are held no more than a chunk at a time.
    [Theory, InlineData(1, 2), InlineData(850_000, 1)]
    public async Task What_was_read_before_is_written_two_chunks_at_a_time_unless_it_is_large(int length, int together)
    {
        const int chunk = 16;
        var text = new string('x', length);
        string[] all = [.. Enumerable.Range(0, 3 * chunk).Select(i => $"k{i}")];
        await SavedAsync([.. all.Select(k => (k, (Item?)new Item(k, text)))]);
        await AskAsync(Run("q", lane: 1), BucketRange.All);
        var database = new MemoryDatabase(Session());
        var republisher = new Republisher(_capture, _store);
        await republisher.NextAsync(database, chunk, default);

        var chunks = new List<int>();
        while (await republisher.NextAsync(database, chunk, default) is { Worked: true } next)
            chunks.Add(next.Keys);

        Assert.Equal(together * chunk, chunks.Max());
        Assert.Equal(all.Length, chunks.Sum());
        // The walk goes on behind what was said.
        Assert.Equal(
            all.Where(k => KeyText.Lane(k, 2) == 1).Order(StringComparer.Ordinal),
            _store.Outbox.Skip(1).SkipLast(1).Select(r => r.Key)
        );
    }

    [Fact]
    public async Task What_changed_since_it_was_read_is_read_again_under_its_lock()
    {
        var keys = await SavedOfLaneAsync(1);
        await AskAsync(Run("q", lane: 1), BucketRange.All);
        var database = new MemoryDatabase(Session());
        var republisher = new Republisher(_capture, _store);
        await republisher.NextAsync(database, 20, default);
        database.BeforeWrite = () =>
        {
            SavedAsync((keys[0], new Item(keys[0], "newer"))).GetAwaiter().GetResult();
            SavedAsync((keys[1], null)).GetAwaiter().GetResult();
            database.Session.Selected.Clear();
        };
        await republisher.NextAsync(database, 20, default);
        Assert.Equal(keys[..2], database.Session.Selected);
        var said = _store.Outbox.Where(r => keys.Contains(r.Key)).ToDictionary(r => r.Key);
        Assert.Equal((2, StateOperation.Snapshot), (said[keys[0]].Revision, said[keys[0]].Operation));
        Assert.Equal(_publication.Editions[0].FingerprintOf(new Item(keys[0], "newer")), said[keys[0]].Content);
        Assert.Equal((2, StateOperation.Delete), (said[keys[1]].Revision, said[keys[1]].Operation));
        Assert.Equal((1, StateOperation.Snapshot), (said[keys[2]].Revision, said[keys[2]].Operation));
        Assert.Equal(StateOperation.RangeEnd, _store.Outbox[^1].Operation);
    }

    [Fact]
    public async Task Change_past_capture_is_raised_under_its_lock_only()
    {
        await SavedAsync("a");
        _rows["a"] = new Item("a", "changed past capture");
        await AskAsync(Run("q", KeyText.Lane("a", 2)), BucketRange.All);
        var database = new MemoryDatabase(Session());
        var republisher = new Republisher(_capture, _store);
        await republisher.NextAsync(database, 10, default);
        database.BeforeWrite = () => Assert.DoesNotContain(_store.Outbox, r => r.Key == "a");
        await republisher.NextAsync(database, 10, default);
        Assert.Equal(3, _store.Outbox.Count(r => r is { Key: "a", Revision: 2 }));
        Assert.Equal(2, _store.Heads[("tests.item", "a")].Revision);
    }

    [Fact]
    public async Task What_was_read_of_another_place_is_left()
    {
        await SavedAsync([.. Enumerable.Range(0, 40).Select(i => $"k{i}")]);
        await AskAsync(Run("q", 0), BucketRange.All);
        var database = new MemoryDatabase(Session());
        var (here, elsewhere) = (new Republisher(_capture, _store), new Republisher(_capture, _store));
        await here.NextAsync(database, 3, default);
        // Another process comes between.
        database.BeforeWrite = () => elsewhere.ChunkAsync(Session(), 3).AsTask().GetAwaiter().GetResult();
        while ((await here.NextAsync(database, 3, default)).Worked) { }
        var keys = _store.Outbox.Where(r => r.Operation == StateOperation.Snapshot).Select(r => r.Key).ToList();
        Assert.Equal(_rows.Keys.Where(k => KeyText.Lane(k, 2) == 0).Order(StringComparer.Ordinal), keys.Order(StringComparer.Ordinal));
        Assert.Single(_store.Outbox, r => r.Operation == StateOperation.RangeEnd);
    }

    [Theory]
    [InlineData("other", "tests.item.v1", 0)]
    [InlineData("queue", "tests.item.v9", 0)]
    [InlineData("queue", "tests.item.v1", 2)]
    public async Task Request_for_what_is_not_published_is_forgotten(string carrier, string destination, int lane)
    {
        await SavedAsync("a");
        await AskAsync(new(carrier, new(destination, lane), "q", Guid.NewGuid()), BucketRange.All);
        await DrainAsync(10);
        Assert.Empty(_store.Outbox);
        Assert.Empty(_store.Tasks);
    }

    [Fact]
    public void Run_comes_back_from_its_request()
    {
        var run = new SnapshotRun("rabbit", new("shop.order.v1", 3), "a>b c", new("11111111-2222-3333-4444-555555555555"));
        Assert.Equal(run, SnapshotRun.TryParse(run.Destination));
        Assert.Null(SnapshotRun.TryParse("shop.order.v1"));
        Assert.Null(SnapshotRun.TryParse(null));
    }

    private static SnapshotRun Run(string replyTo, int lane) => new("queue", new("tests.item.v1", lane), replyTo, Guid.NewGuid());

    private ValueTask AskAsync(SnapshotRun run, params BucketRange[] ranges) =>
        _store.QueueAsync(MemoryCaptureStore.Scope, [.. ranges.Select(r => run.Request("tests.item", r, "test"))]);

    private void Published(bool ended)
    {
        _store.Published.Clear();
        _store.Published.Add(new("queue", "tests.item.v1", "tests.item", "s", default, ended));
    }

    private Task SavedAsync(params string[] keys) => SavedAsync([.. keys.Select(k => (k, (Item?)new Item(k, "x")))]);

    private async Task<List<string>> SavedOfLaneAsync(int lane)
    {
        string[] all = [.. Enumerable.Range(0, 10).Select(i => $"k{i}")];
        await SavedAsync(all);
        var keys = all.Where(k => KeyText.Lane(k, 2) == lane).ToList();
        Assert.InRange(keys.Count, 3, 9);
        return keys;
    }

    private async Task SavedAsync(params (string Key, Item? State)[] rows)
    {
        foreach (var (key, state) in rows)
            _rows[key] = state;
        await _capture.SaveAsync(
            _store,
            MemoryCaptureStore.Scope,
            [new GivenStates(_publication, rows.ToDictionary(r => r.Key, r => (object?)r.State))]
        );
        _store.Outbox.Clear();
    }

    private MemorySession Session() => new(_publication, _rows);

    private ValueTask<RepublishChunk> ChunkAsync(int keys) => new Republisher(_capture, _store).ChunkAsync(Session(), keys);

    private async Task DrainAsync(int keys)
    {
        while ((await ChunkAsync(keys)).Worked) { }
    }

    private sealed class MemoryDatabase(MemorySession session) : IRepublishDatabase
    {
        public MemorySession Session => session;

        public Action BeforeWrite { get; set; } = () => { };

        public async Task<AnswersAhead?> ReadAsync(Func<IRepublishSession, ValueTask<AnswersAhead?>> work, CancellationToken ct)
        {
            session.OnlyReads = true;
            var ahead = await work(session);
            session.OnlyReads = false;
            return ahead;
        }

        public async Task<RepublishChunk> WriteAsync(Func<IRepublishSession, ValueTask<RepublishChunk>> work, CancellationToken ct)
        {
            BeforeWrite();
            return await work(session);
        }
    }

    private sealed class MemorySession(Publication publication, SortedDictionary<string, object?> rows) : IRepublishSession
    {
        public CaptureScope Scope =>
            OnlyReads ? new(null!, null, Synchronous: true, CancellationToken.None) { OnlyReads = true } : MemoryCaptureStore.Scope;

        public bool OnlyReads { get; set; }

        public IReadOnlyList<Publication> Publications => [publication];

        /// <summary>The keys whose states were asked for.</summary>
        public List<string> Selected { get; } = [];

        public ICaptureSet Select(Publication publication, IReadOnlyList<string> keys)
        {
            Selected.AddRange(keys);
            return new GivenStates(publication, keys.ToDictionary(k => k, k => rows.GetValueOrDefault(k)));
        }

        public ValueTask<RowPage> ReadRowsAsync(Publication publication, string? after, int limit)
        {
            var page = rows.Where(r => r.Value is Item)
                .Select(r => r.Key)
                .Where(k => string.CompareOrdinal(k, after ?? "") > 0)
                .Take(limit)
                .ToList();
            return new(new RowPage(page, page.Count < limit ? null : page[^1]));
        }
    }
}
