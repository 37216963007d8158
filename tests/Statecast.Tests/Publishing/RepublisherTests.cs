using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Publishing;
using Xunit;

namespace Statecast.Tests.Publishing;

/// <summary>The republisher over rows in memory: heads first, then the rows that have none, resumable at every chunk.</summary>
public sealed class RepublisherTests
{
    private readonly MemoryCaptureStore _store = new();
    private readonly SortedDictionary<string, Item> _rows = new(StringComparer.Ordinal);
    private readonly Publication<Item> _publication = PublishingSamples.Publication<Item>();
    private static readonly Route OnFirst = new("first", "tests.item.v1", 8, "json");
    private static readonly Route OnSecond = OnFirst with { Carrier = "second" };
    private readonly StateCapture _capture = new(TimeProvider.System, SystemEntropy.Instance);

    [Theory, InlineData(1), InlineData(3), InlineData(100)]
    public async Task Range_walks_heads_then_rows_without_one(int chunk)
    {
        await PublishedAsync("a", "b", "c", "d");
        _rows["b"] = new("b", "changed past capture");
        _rows.Remove("c");
        _rows["e"] = new("e", "inserted past capture");
        await QueueAsync(RepublishRequest.All("tests.item", "test"));
        await DrainAsync(chunk);

        Assert.Equal(
            ["a Snapshot 1", "b Upsert 2", "c Delete 2", "d Snapshot 1", "e Snapshot 1"],
            _store.Outbox.Select(r => $"{r.Key} {r.Operation} {r.Revision}")
        );
    }

    [Fact]
    public async Task Row_that_comes_and_goes_between_chunks_disturbs_no_other()
    {
        foreach (var i in Enumerable.Range(10, 20))
            _rows[$"{i}"] = new($"{i}", "x");
        await QueueAsync(RepublishRequest.All("tests.item", "test"));
        await ChunkAsync(5);
        await ChunkAsync(5);
        _rows.Remove("11");
        _rows["105"] = new("105", "before the cursor");
        await DrainAsync(5);

        Assert.Equal(
            Enumerable.Range(10, 20).Select(i => $"{i}"),
            _store.Outbox.Select(r => r.Key).Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Requests_of_single_keys_go_together()
    {
        await PublishedAsync("a", "b", "c");
        foreach (var key in new[] { "c", "a", "c" })
            await QueueAsync(new("tests.item", key, 0, 4095, null, "test"));
        var chunk = await ChunkAsync(10);

        Assert.Equal(2, chunk.Keys);
        Assert.Equal(["a", "c"], _store.Outbox.Select(r => r.Key));
        Assert.Empty(_store.Tasks);
    }

    [Fact]
    public async Task Only_the_walk_of_a_destination_ends_its_first_republish()
    {
        _rows["a"] = new("a", "x");
        await PublishedContracts.ReconcileAsync(_store, MemoryCaptureStore.Scope, "s", [_publication]);
        await QueueAsync(RepublishRequest.All("tests.item", "asked for"));
        Assert.Equal(2, _store.Tasks.Count);
        while (_store.Tasks.ContainsKey(1))
        {
            Assert.False(Assert.Single(_store.Published).FirstRepublishEnded);
            await ChunkAsync(1);
        }
        Assert.True(Assert.Single(_store.Published).FirstRepublishEnded);
        _store.Published[0] = _store.Published[0] with { FirstRepublishEnded = false };
        await DrainAsync(1);
        Assert.False(Assert.Single(_store.Published).FirstRepublishEnded);
    }

    [Fact]
    public async Task Changed_schema_queues_a_republish_once()
    {
        await PublishedContracts.ReconcileAsync(_store, MemoryCaptureStore.Scope, "s", [_publication]);
        _store.Tasks.Clear();
        var known = _store.Published[0];
        _store.Published[0] = known with { Schema = new(99), FirstRepublishEnded = true };
        var queued = await PublishedContracts.ReconcileAsync(_store, MemoryCaptureStore.Scope, "s", [_publication]);
        var again = await PublishedContracts.ReconcileAsync(_store, MemoryCaptureStore.Scope, "s", [_publication]);

        Assert.Equal("the contract's schema changed", Assert.Single(queued).Reason);
        Assert.Empty(again);
        // It was complete before and stays so: targets keep reading.
        Assert.True(Assert.Single(_store.Published).FirstRepublishEnded);
    }

    [Fact]
    public async Task Carrier_that_is_added_later_gets_its_own_first_republish()
    {
        _rows["a"] = new("a", "x");
        await ReconcileAsync(OnFirst);
        await DrainAsync(10);
        var both = PublishingSamples.Publication<Item>(OnFirst, OnSecond);
        var queued = Assert.Single(await ReconcileAsync(OnFirst, OnSecond));

        Assert.Equal(("first publication on second", "tests.item.v1"), (queued.Reason, queued.Destination));
        Assert.Equal([("first", true), ("second", false)], _store.Published.Select(p => (p.Carrier, p.FirstRepublishEnded)));
        _store.Outbox.Clear();
        await DrainAsync(10, both);
        Assert.Equal(["first a 1", "second a 1"], _store.Outbox.Select(r => $"{r.Carrier} {r.Key} {r.Revision}"));
        Assert.All(_store.Published, p => Assert.True(p.FirstRepublishEnded));
        Assert.Empty(await ReconcileAsync(OnFirst, OnSecond));
    }

    [Fact]
    public async Task Carrier_or_contract_that_comes_back_was_away_and_is_published_anew()
    {
        await ReconcileAsync(OnFirst, OnSecond);
        await DrainAsync(10);
        Assert.Empty(await ReconcileAsync(OnFirst));
        Assert.Equal(["first"], _store.Published.Select(p => p.Carrier));
        Assert.Equal("first publication on second", Assert.Single(await ReconcileAsync(OnFirst, OnSecond)).Reason);

        await PublishedContracts.ReconcileAsync(_store, MemoryCaptureStore.Scope, "s", []);
        Assert.Empty(_store.Published);
        Assert.Single(await ReconcileAsync(OnFirst));
    }

    [Fact]
    public async Task What_another_source_of_the_database_publishes_is_left_alone()
    {
        await ReconcileAsync(OnFirst);
        await PublishedContracts.ReconcileAsync(_store, MemoryCaptureStore.Scope, "other", [PublishingSamples.Publication<Other>()]);
        Assert.Equal(2, _store.Published.Count);
        Assert.Empty(await ReconcileAsync(OnFirst));
        Assert.Equal(["tests.item", "tests.other"], _store.Published.Select(p => p.Contract).Order());
    }

    [Fact]
    public async Task Request_of_a_contract_that_is_not_ours_is_left_to_its_source()
    {
        await QueueAsync(RepublishRequest.All("tests.gone", "test"));
        var chunk = await ChunkAsync(10);

        Assert.Equal((0, false), (chunk.Keys, chunk.Worked));
        Assert.Single(_store.Tasks);
    }

    [Fact]
    public async Task Queue_is_counted_as_it_is_worked_off()
    {
        await PublishedAsync("a", "b", "c", "d");
        _rows["e"] = new("e", "never published");
        await QueueAsync(RepublishRequest.All("tests.item", "test"));
        await QueueAsync(new("tests.item", "a", 0, 4095, null, "test"));

        // Four heads, five rows, one key; then by the cursor.
        Assert.Equal(new(2, 10), await CountAsync());
        await ChunkAsync(3);
        Assert.Equal(new(2, 7), await CountAsync());
        await ChunkAsync(3);
        Assert.Equal(new(2, 6), await CountAsync());
        await ChunkAsync(3);
        Assert.Equal(new(2, 3), await CountAsync());
        await DrainAsync(3);
        Assert.Equal(new(0, 0), await CountAsync());
    }

    [Fact]
    public async Task Range_counts_the_heads_of_its_buckets()
    {
        await PublishedAsync([.. Enumerable.Range(0, 40).Select(i => $"k{i}")]);
        var inside = _rows.Keys.Count(k => Statecast.Contracts.KeyText.Bucket(k) < 2048);
        await QueueAsync(new("tests.item", null, 0, 2047, null, "test"));

        Assert.Equal(new(1, inside + 40), await CountAsync());
    }

    private ValueTask<RepublishQueue> CountAsync() =>
        new Republisher(_capture, _store).CountAsync(new RowsSession<Item>(_publication, _rows));

    private async Task PublishedAsync(params string[] keys)
    {
        foreach (var key in keys)
            _rows[key] = new(key, "x");
        var states = _rows.ToDictionary(r => r.Key, r => (object?)r.Value);
        await _capture.SaveAsync(_store, MemoryCaptureStore.Scope, [new GivenStates(_publication, states)]);
        _store.Outbox.Clear();
    }

    private ValueTask QueueAsync(RepublishRequest request) => _store.QueueAsync(MemoryCaptureStore.Scope, [request]);

    private ValueTask<IReadOnlyList<RepublishRequest>> ReconcileAsync(params Route[] routes) =>
        PublishedContracts.ReconcileAsync(_store, MemoryCaptureStore.Scope, "s", [PublishingSamples.Publication<Item>(routes)]);

    private ValueTask<RepublishChunk> ChunkAsync(int keys, Publication? publication = null) =>
        new Republisher(_capture, _store).ChunkAsync(new RowsSession<Item>(publication ?? _publication, _rows), keys);

    private async Task DrainAsync(int keys, Publication? publication = null)
    {
        while ((await ChunkAsync(keys, publication)).Worked) { }
    }
}
