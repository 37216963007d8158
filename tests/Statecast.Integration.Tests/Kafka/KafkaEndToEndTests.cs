using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Replicas;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>A source and its targets over a real broker, with what befalls such a log.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaEndToEndTests(KafkaFixture kafka) : IAsyncLifetime
{
    private KafkaNotes _notes = null!;
    private IHost _source = null!;
    private readonly List<IHost> _hosts = [];

    private NotesShop Shop => _notes.Shop;

    public async ValueTask InitializeAsync()
    {
        _notes = new(await kafka.EmptyAsync());
        _source = Add(await Shop.StartSourceAsync());
    }

    [Fact]
    public async Task Target_follows_and_goes_on_where_it_stood()
    {
        var target = await Target();
        await Save(db => db.AddRange(Enumerable.Range(1, 300).Select(i => New(i, "first"))));
        await KafkaNotes.AssertEqualAsync(_source, target);
        await NotesShop.StopAsync(target);
        _hosts.Remove(target);
        await Save(db =>
        {
            db.Notes.Single(n => n.Id == 1).Text = "second";
            db.Remove(db.Notes.Single(n => n.Id == 2));
        });
        target = await Target();
        await KafkaNotes.AssertEqualAsync(_source, target);

        // Each record once, those too that a source sent twice because the broker was slow to confirm them.
        Assert.Equal(await _notes.OffsetsAsync(), target.Services.GetRequiredService<IStatecast>().Replicas[0].Counters.Received);
    }

    [Fact]
    public async Task After_compaction_a_newcomer_is_equal_deletes_too()
    {
        await kafka.RequireServerAsync("compacts nothing");
        var early = await Target("early.db");
        await Sent();
        await NotesShop.UntilAsync(() => Exists(empty: true));
        await _notes.CompactSoonAsync();
        for (var round = 1; round <= 12; round++)
        {
            await Save(db =>
            {
                for (var i = 1; i <= 20; i++)
                    if (db.Notes.Find(i) is { } note)
                        note.Text = $"round {round}";
                    else if (round == 1)
                        db.Add(New(i, "round 1"));
                if (round == 11)
                    db.RemoveRange(db.Notes.Where(n => n.Id <= 5));
            });
            await Sent();
        }
        await _notes.UntilCompactedAsync(_source);
        var fresh = await Target("fresh.db");
        await KafkaNotes.AssertEqualAsync(_source, early, fresh);
        Assert.Equal(15, await fresh.Services.GetRequiredService<IReplica<int, NoteState>>().EnumerateAsync().CountAsync());
        // The tombstones are there, and the replica remembers them.
        Assert.Equal(5, _notes.Raw().GroupBy(r => r.Message.Key).Count(g => g.Last().Message.Value is null));
        Assert.Equal(5, Shop.Number("fresh.db", "SELECT count(*) FROM \"statecast_rows.e2e.note.v1\" WHERE operation = 2"));
    }

    [Fact]
    public async Task Sleepers_record_that_lands_last_is_mended()
    {
        await Save(db => db.Add(New(1, "one")));
        await Sent();
        var stale = _notes.Raw().Single();
        foreach (var text in new[] { "two", "three" })
        {
            await Save(db => db.Notes.Single().Text = text);
            await Sent();
        }
        await _notes.ProduceAsync(stale.TopicPartition, stale.Message);
        // Asserted: for a moment it is the last word.
        Assert.Contains(_notes.Raw(), r => r.Offset.Value == 3 && KafkaNotes.RevisionOf(r) == 1);
        await NotesShop.UntilAsync(() => _notes.LastRevisions()["1"] == 3);
        var fresh = await Target();
        await KafkaNotes.AssertEqualAsync(_source, fresh);
    }

    [Fact]
    public async Task Foreign_record_of_a_key_that_never_was_is_deleted_and_silences_nobody()
    {
        await Save(db => db.Add(New(1, "one")));
        await Sent();
        var own = _notes.Raw().Single();
        var lane = Contracts.KeyText.Lane("999", 8);
        await _notes.ProduceAsync(new("e2e.note.v1", lane), new() { Key = "999", Value = [1, 2, 3] });
        await _notes.ProduceAsync(own.TopicPartition, new() { Key = "no number", Value = [1, 2, 3] });
        await NotesShop.UntilAsync(() => _notes.LastRevisions()["999"] == 1);
        Assert.Null(_notes.Raw().Last(r => r.Message.Key == "999").Message.Value);
        var fresh = await Target();
        await NotesShop.UntilAsync(() => fresh.Services.GetRequiredService<IStatecast>().Replicas[0].State == ReplicaState.Live);
        Assert.Equal(1, await fresh.Services.GetRequiredService<IReplica<int, NoteState>>().EnumerateAsync().CountAsync());
    }

    [Fact]
    public async Task Topic_removed_under_a_running_pair_is_made_anew_and_filled()
    {
        var target = await Target();
        await Save(db => db.AddRange(Enumerable.Range(1, 100).Select(i => New(i, "first"))));
        var gone = 0;
        await FaultRounds.RunAsync(
            "Kafka: the topic removed under a running source and target",
            gate: 3,
            async () =>
            {
                await KafkaNotes.AssertEqualAsync(_source, target);
                // Again and again: what is made anew may be gone before anybody found it.
                for (var storm = Stopwatch.StartNew(); storm.Elapsed < TimeSpan.FromSeconds(1.5); )
                    await kafka.EmptyAsync();
                gone++;
                await Save(db =>
                {
                    db.Notes.Single(n => n.Id == 100).Text = $"after {gone}";
                    db.Remove(db.Notes.Single(n => n.Id == gone));
                });
                await NotesShop.UntilAsync(() => Exists() && _notes.LastRevisions().Count == 100);
                var fresh = await Target($"fresh{gone}.db");
                await KafkaNotes.AssertEqualAsync(_source, target, fresh);
            }
        );
    }

    [Fact]
    public async Task Topic_made_anew_with_another_number_of_partitions_is_filled_and_followed()
    {
        var (running, stopped) = (await Target(), await Target("stopped.db"));
        await Save(db => db.AddRange(Enumerable.Range(1, 60).Select(i => New(i, "first"))));
        await KafkaNotes.AssertEqualAsync(_source, running, stopped);
        await NotesShop.StopAsync(stopped);
        _hosts.Remove(stopped);
        await Save(db => db.Remove(db.Notes.Single(n => n.Id == 1)));
        await Sent();
        await using var transport = _notes.Transport();

        var refused = await Assert.ThrowsAsync<TransportException>(async () => await transport.RemakeAsync(KafkaNotes.Topic, 3));
        Assert.Contains("still speaks", refused.Message, StringComparison.Ordinal);
        Assert.Equal(8, _notes.Partitions());

        await StopSource();
        await transport.RemakeAsync(KafkaNotes.Topic, 3);
        Assert.Equal(3, _notes.Partitions());
        await transport.RemakeAsync(KafkaNotes.Topic, 2);
        Assert.Equal(2, _notes.Partitions());

        // With the old number it is refused, and says so.
        _source = Add(await Shop.StartSourceAsync());
        var health = _source.Services.GetRequiredService<HealthCheckService>();
        await NotesShop.UntilAsync(() =>
            health
                .CheckHealthAsync()
                .Result.Entries.Values.Any(e => e.Description?.Contains("RemakeAsync", StringComparison.Ordinal) == true)
        );
        await StopSource();

        _source = Add(await Shop.StartSourceAsync(db => db.Publish<Note, NoteState>(n => new(n.Id, n.Text)).Lanes(2)));
        await Save(db => db.Add(New(61, "after")));
        stopped = await Target("stopped.db");
        await KafkaNotes.AssertEqualAsync(_source, running, stopped, await Target("fresh.db"));
        Assert.Equal(2, _notes.Partitions());
    }

    [Fact]
    public async Task Target_away_for_longer_than_the_topic_keeps_deletes_misses_none()
    {
        await kafka.RequireServerAsync("compacts nothing");
        await StopSource();
        _notes.Dispose();
        _notes = new(await kafka.EmptyAsync(), (o, _) => o.TombstoneRetention = TimeSpan.FromSeconds(1));
        _source = Add(await Shop.StartSourceAsync());
        var round = 0;
        await FaultRounds.RunAsync(
            "Kafka: a target away for longer than the topic keeps deletes",
            gate: 2,
            async () =>
            {
                var first = 100 * round++ + 1;
                // So many that every lane has others too, which are written again.
                await Save(db => db.AddRange(Enumerable.Range(first, 60).Select(i => New(i, "first"))));
                var target = await Target();
                await KafkaNotes.AssertEqualAsync(_source, target);
                await NotesShop.StopAsync(target);
                _hosts.Remove(target);
                await Save(db => db.RemoveRange(db.Notes.Where(n => n.Id >= first && n.Id < first + 5)));
                await Sent();
                await _notes.CompactSoonAsync();
                var gone = Enumerable.Range(first, 5).Select(i => $"{i}").ToHashSet();
                await _notes.UntilCompactedAsync(_source, records => Task.FromResult(!records.Exists(r => gone.Contains(r.Message.Key))));

                // No record is left that says so: what is missing does.
                target = await Target();
                await KafkaNotes.AssertEqualAsync(_source, target);
                await NotesShop.StopAsync(target);
                _hosts.Remove(target);
            }
        );
        // Removed rows are remembered as deleted.
        Assert.Equal(5 * round, Shop.Number("target.db", "SELECT count(*) FROM \"statecast_rows.e2e.note.v1\" WHERE deleted"));
    }

    [Fact]
    public async Task Restored_database_is_noticed_and_targets_follow_it_back()
    {
        var target = await Target();
        await Save(db => db.AddRange(Enumerable.Range(1, 20).Select(i => New(i, "before the copy"))));
        await KafkaNotes.AssertEqualAsync(_source, target);
        await StopSource();
        _notes.Backup();
        _source = Add(await Shop.StartSourceAsync());
        await Save(db =>
        {
            db.Notes.Single(n => n.Id == 1).Text = "lost";
            db.Remove(db.Notes.Single(n => n.Id == 2));
            db.Add(New(22, "lost"));
        });
        await KafkaNotes.AssertEqualAsync(_source, target);
        await StopSource();
        _notes.Restore();

        _source = Add(await Shop.StartSourceAsync());
        await Save(db => db.Add(New(21, "after")));
        var fresh = await Target("fresh.db");
        await KafkaNotes.AssertEqualAsync(_source, target, fresh);
        Assert.Superset(
            new HashSet<string> { "1", "2", "22" },
            target.Services.GetRequiredService<IStatecast>().Replicas[0].WentBack!.First.ToHashSet()
        );
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await NotesShop.StopAsync(host);
        _notes.Dispose();
    }

    private static Note New(int id, string text) => new() { Id = id, Text = text };

    private bool Exists(bool empty = false)
    {
        try
        {
            return _notes.TryRead(out _) is { } records && (empty || records.Count > 0);
        }
        catch (ConsumeException)
        {
            return false;
        }
    }

    private async Task Sent()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _source.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
    }

    private Task Save(Action<NotesDb> change) => NotesShop.SaveAsync(_source, change);

    private async Task<IHost> Target(string file = "target.db") => Add(await Shop.StartTargetAsync<NoteState>(file));

    private async Task StopSource()
    {
        _hosts.Remove(_source);
        await NotesShop.StopAsync(_source);
    }

    private IHost Add(IHost host)
    {
        _hosts.Add(host);
        return host;
    }
}
