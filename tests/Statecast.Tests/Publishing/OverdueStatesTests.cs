using Microsoft.Extensions.Time.Testing;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Publishing;
using Xunit;

namespace Statecast.Tests.Publishing;

/// <summary>Keys of which only patches were sent for too long are said in full, changed or not.</summary>
public sealed class OverdueStatesTests
{
    private static readonly string Long = new('x', 200);
    private readonly MemoryCaptureStore _store = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddDays(1));
    private readonly SortedDictionary<string, Page> _rows = new(StringComparer.Ordinal);
    private readonly Publication<Page> _publication = PublishingSamples.Publication<Page>(
        new PublicationOptions { Patches = new() { FullAfter = TimeSpan.FromMinutes(5) } }
    );
    private readonly StateCapture _capture;
    private readonly Republisher _republisher;

    public OverdueStatesTests()
    {
        _capture = new(_clock, SystemEntropy.Instance);
        _republisher = new(_capture, _store);
    }

    [Fact]
    public async Task Key_is_said_in_full_once_its_time_is_over_without_another_change()
    {
        await SaveAsync("patched", "untouched");
        _clock.Advance(TimeSpan.FromMinutes(1));
        await ChangeAsync("patched");
        _store.Outbox.Clear();
        _clock.Advance(TimeSpan.FromMinutes(4));
        Assert.False((await ChunkAsync(10)).Worked);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(new(1, true, []), await ChunkAsync(10) with { PassedOver = [] });

        Assert.Equal("patched Snapshot 2", Said());
        Assert.Equal(0, _store.Heads[("tests.page", "patched")].Base!.Patches);
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.False((await ChunkAsync(10)).Worked);
    }

    [Theory, InlineData(1), InlineData(3), InlineData(5), InlineData(100)]
    public async Task Longest_due_comes_first_in_chunks(int chunk)
    {
        foreach (var key in new[] { "e", "d", "c", "b", "a" })
        {
            await SaveAsync(key);
            await ChangeAsync(key);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
        _store.Outbox.Clear();
        _clock.Advance(TimeSpan.FromHours(1));
        while ((await ChunkAsync(chunk)).Worked) { }

        // Inside a chunk by key, as locks are taken.
        var expected = new[] { "e", "d", "c", "b", "a" }.Chunk(chunk).SelectMany(c => c.Order(StringComparer.Ordinal));
        Assert.Equal(expected, _store.Outbox.Select(r => r.Key));
    }

    [Fact]
    public async Task State_that_cannot_be_said_holds_up_no_other_and_is_tried_again()
    {
        await SaveAsync("bad", "good");
        await ChangeAsync("bad");
        await ChangeAsync("good");
        _store.Outbox.Clear();
        _rows["bad"] = _rows["bad"] with { Id = "another" };
        _clock.Advance(TimeSpan.FromMinutes(6));

        Assert.Equal("bad", Assert.Single((await ChunkAsync(1)).PassedOver).Key);
        Assert.Empty((await ChunkAsync(1)).PassedOver);
        Assert.Equal("good Snapshot 2", Said());
        // The pass is over; the next meets it again.
        Assert.False((await ChunkAsync(1)).Worked);
        _rows["bad"] = _rows["bad"] with { Id = "bad" };
        _clock.Advance(TimeSpan.FromMinutes(1));
        await ChunkAsync(1);
        Assert.Equal("good Snapshot 2, bad Snapshot 2", Said());
    }

    [Fact]
    public async Task What_is_queued_comes_before()
    {
        await SaveAsync("a");
        await ChangeAsync("a");
        await SaveAsync("b");
        _store.Outbox.Clear();
        _clock.Advance(TimeSpan.FromHours(1));
        await _store.QueueAsync(MemoryCaptureStore.Scope, [RepublishRequest.Of("tests.page", "b", null, "test")]);
        await ChunkAsync(1);
        await ChunkAsync(1);

        Assert.Equal("b Snapshot 1, a Snapshot 2", Said());
    }

    private async Task SaveAsync(params string[] keys)
    {
        foreach (var key in keys)
            _rows[key] = new(key, Long);
        await CaptureAsync(keys);
    }

    private async Task ChangeAsync(string key)
    {
        _rows[key] = _rows[key] with { Note = "changed" };
        await CaptureAsync(key);
        Assert.Equal(StateOperation.Patch, _store.Outbox[^1].Operation);
    }

    private async Task CaptureAsync(params string[] keys) =>
        await _capture.SaveAsync(
            _store,
            MemoryCaptureStore.Scope,
            [new GivenStates(_publication, keys.ToDictionary(k => k, k => (object?)_rows[k]))]
        );

    private ValueTask<RepublishChunk> ChunkAsync(int keys) => _republisher.ChunkAsync(new RowsSession<Page>(_publication, _rows), keys);

    private string Said() => string.Join(", ", _store.Outbox.Select(r => $"{r.Key} {r.Operation} {r.Revision}"));
}
