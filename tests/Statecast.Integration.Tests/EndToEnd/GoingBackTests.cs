using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Consuming;
using Statecast.Hosting;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>A source whose database is restored from an earlier copy, over real files: its targets follow it back and say which keys they lost.</summary>
public sealed class GoingBackTests : IDisposable
{
    private readonly NotesShop _shop = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task Restored_twice_targets_follow_and_report_what_went_back()
    {
        var target = await _shop.StartTargetAsync<NoteState>(configure: r => r.On<Heard>());
        var memory = await _shop.StartTargetAsync<NoteState>(configure: r => r.InMemory());
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.AddRange(Enumerable.Range(1, 20).Select(i => New(i, "before the copy"))));
        await AllIdle(source, target, memory);
        Backup("copy.db");
        var epochs = new List<long> { Epoch };

        for (var round = 1; round <= 2; round++)
        {
            await NotesShop.SaveAsync(
                source,
                db =>
                {
                    db.Notes.Single(n => n.Id == 1).Text = $"lost {round}";
                    db.Remove(db.Notes.Single(n => n.Id == 2));
                    var again = db.Notes.SingleOrDefault(n => n.Id == 21) ?? db.Add(New(21, "")).Entity;
                    again.Text = $"lost {round}";
                    db.Add(New(22, $"lost {round}"));
                }
            );
            await AllIdle(source, target, memory);
            Assert.Equal(21, await CountAsync(target));
            await NotesShop.StopAsync(source);
            Restore("copy.db");
            var before = Heard.Deletes.Count;

            source = await _shop.StartSourceAsync();
            // One key of the lost tail is used again, and one is not.
            await NotesShop.SaveAsync(source, db => db.Add(New(21, $"after restore {round}")));
            await AllIdle(source, target, memory);

            epochs.Add(Epoch);
            foreach (var each in new[] { target, memory })
            {
                await AssertEqual(each);
                var back = each.Services.GetRequiredService<IStatecast>().Replicas[0].WentBack!;
                Assert.Equal(Epoch, back.Epoch);
                // Key 21 is another state under the number that was lost, or a newer one that none can tell from a change.
                Assert.Superset(new HashSet<string> { "1", "2", "22" }, back.First.ToHashSet());
                Assert.Subset(new HashSet<string> { "1", "2", "21", "22" }, back.First.ToHashSet());
                Assert.Equal(back.Count, back.First.Count);
            }
            Assert.Contains("22", Heard.Deletes.Skip(before));
            Assert.Equal("before the copy", Heard.Last["1"]?.Text);
            Assert.Equal("before the copy", Heard.Last["2"]?.Text);
            Assert.Equal($"after restore {round}", Heard.Last["21"]?.Text);
        }
        Assert.Equal(epochs.Order().Distinct(), epochs);

        // A newcomer finds nothing of either lost tail, and one that starts again keeps its floor.
        var fresh = await _shop.StartTargetAsync<NoteState>("fresh.db");
        await NotesShop.StopAsync(target);
        Assert.Equal(Epoch, _shop.Number("target.db", "SELECT floor_epoch FROM statecast_replica"));
        target = await _shop.StartTargetAsync<NoteState>();
        foreach (var each in new[] { fresh, target })
        {
            await NotesShop.IdleAsync(source, each);
            await AssertEqual(each);
            Assert.Null(each.Services.GetRequiredService<IStatecast>().Replicas[0].WentBack);
        }
        foreach (var host in new[] { fresh, target, memory, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Restored_under_a_relay_whose_lease_stands_in_the_copy()
    {
        var target = await _shop.StartTargetAsync<NoteState>();
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.AddRange(New(1, "kept"), New(2, "kept")));
        await AllIdle(source, target);
        Backup("copy.db");
        var before = Epoch;
        Assert.NotEqual("", _shop.Text("copy.db", "SELECT hex(lease_id) FROM statecast_lease"));
        await NotesShop.SaveAsync(
            source,
            db =>
            {
                db.Remove(db.Notes.Single(n => n.Id == 1));
                db.Add(New(3, "lost"));
            }
        );
        await AllIdle(source, target);

        // Over the living database: the relay's process, its connection and its lease all stay.
        using (var copy = Open("copy.db"))
        using (var live = Open("notes.db"))
            copy.BackupDatabase(live);
        await NotesShop.UntilAsync(() => Epoch > before);
        await AllIdle(source, target);
        await AssertEqual(target);
        Assert.Equal(["1", "3"], Back(target).First.Order());
        foreach (var host in new[] { target, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Captures_of_a_restored_database_wait_for_no_carrier()
    {
        var source = await _shop.StartSourceAsync();
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(source, db => db.Add(New(1, "kept")));
        await AllIdle(source, target);
        Backup("copy.db");
        await NotesShop.SaveAsync(source, db => db.Add(New(2, "lost")));
        await AllIdle(source, target);
        await NotesShop.StopAsync(source);
        await NotesShop.StopAsync(target);
        Restore("copy.db");
        var before = Epoch;

        // The carrier is down: where its directory was is something else.
        Directory.Move(_shop.Log, _shop.File("away"));
        await File.WriteAllTextAsync(_shop.Log, "", Ct);
        source = await _shop.StartSourceAsync();
        var since = Stopwatch.StartNew();
        for (var id = 10; id < 20; id++)
            await NotesShop.SaveAsync(source, db => db.Add(New(id, "while down")));
        Assert.True(since.Elapsed < TimeSpan.FromSeconds(5), $"Ten saves took {since.Elapsed}.");
        Assert.Equal(10, _shop.Number("notes.db", "SELECT count(*) FROM statecast_outbox WHERE lane_number IS NULL AND epoch IS NULL"));
        Assert.Equal(before, Epoch);

        File.Delete(_shop.Log);
        Directory.Move(_shop.File("away"), _shop.Log);
        target = await _shop.StartTargetAsync<NoteState>();
        await AllIdle(source, target);
        Assert.True(Epoch > before);
        await AssertEqual(target);
        Assert.Equal(11, await CountAsync(target));
        // What was captured before anybody knew of the restore carries the new epoch.
        Assert.Equal(
            11,
            _shop.Number("target.db", $"SELECT count(*) FROM \"statecast_rows.e2e.note.v1\" WHERE NOT deleted AND epoch = {Epoch}")
        );
        Assert.Equal(["2"], Back(target).First);
        foreach (var host in new[] { target, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Killed_while_it_writes_and_restored_with_its_lease()
    {
        var target = await _shop.StartTargetAsync<NoteState>();
        long epoch;
        using (var writer = ChildProcess.Start(GetType(), nameof(Writes_until_killed), ("FOLDER", _shop.Folder)))
        {
            await writer.Until(() => Keys(target) > 5, Ct);
            Backup("copy.db");
            epoch = Epoch;
            // The source may be ahead of the target: what is lost is what comes after the copy.
            var at = _shop.Number("copy.db", "SELECT count(*) FROM Notes");
            await writer.Until(() => Keys(target) > at + 20, Ct);
            writer.Kill();
        }
        Restore("copy.db");
        var source = await _shop.StartSourceAsync();
        await AllIdle(source, target);
        Assert.True(Epoch > epoch);
        await AssertEqual(target);
        Assert.True(Back(target).Count >= 20);
        foreach (var host in new[] { target, source })
            await NotesShop.StopAsync(host);
    }

    [Fact(Explicit = true)]
    public async Task Writes_until_killed()
    {
        using var shop = new NotesShop(ChildProcess.Told("FOLDER"));
        using var source = await shop.StartSourceAsync();
        for (var id = 1; ; id++)
        {
            await NotesShop.SaveAsync(source, db => db.Add(New(id, "by the killed")));
            await Task.Delay(5, Ct);
        }
    }

    [Fact]
    public async Task Database_made_anew_leaves_nothing_of_its_predecessor()
    {
        var target = await _shop.StartTargetAsync<NoteState>();
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.AddRange(New(1, "old"), New(2, "old"), New(3, "old")));
        await AllIdle(source, target);
        await NotesShop.StopAsync(source);
        SqliteConnection.ClearAllPools();
        foreach (var file in Directory.GetFiles(_shop.Folder, "notes.db*"))
            File.Delete(file);

        // Its log is still there, and shows a lower epoch only.
        source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(New(2, "new")));
        await AllIdle(source, target);
        await AssertEqual(target);
        Assert.Equal(1, await CountAsync(target));
        Assert.Equal(["1", "2", "3"], Back(target).First.Order());
        foreach (var host in new[] { target, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Untouched_source_never_goes_back()
    {
        var target = await _shop.StartTargetAsync<NoteState>();
        var source = await _shop.StartSourceAsync();
        var epoch = Epoch;
        for (var restart = 0; restart < 20; restart++)
        {
            await NotesShop.SaveAsync(source, db => db.Add(New(restart + 1, "x")));
            if (restart % 3 == 0)
                await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync(Ct);
            await NotesShop.StopAsync(source);
            source = await _shop.StartSourceAsync();
        }
        await AllIdle(source, target);
        Assert.Equal(epoch, Epoch);
        await AssertEqual(target);
        foreach (var host in new[] { target, source })
            await NotesShop.StopAsync(host);
    }

    private long Epoch => _shop.Number("notes.db", "SELECT epoch FROM statecast_source");

    private static Note New(int id, string text) => new() { Id = id, Text = text };

    private static long Keys(IHost target) => target.Services.GetRequiredService<IStatecast>().Replicas[0].Keys;

    private static WentBackKeys Back(IHost target) => target.Services.GetRequiredService<IStatecast>().Replicas[0].WentBack!;

    private static async Task AllIdle(IHost source, params IHost[] targets)
    {
        foreach (var target in targets)
            await NotesShop.IdleAsync(source, target);
    }

    private static async Task<int> CountAsync(IHost target) =>
        await target.Services.GetRequiredService<IReplica<int, NoteState>>().EnumerateAsync(ct: Ct).CountAsync(Ct);

    // The replica holds exactly the rows of the restored database.
    private async Task AssertEqual(IHost target)
    {
        using var notes = Open("notes.db");
        using var command = notes.CreateCommand();
        command.CommandText = "SELECT Id, Text FROM Notes ORDER BY Id";
        using var reader = command.ExecuteReader();
        var expected = new List<NoteState>();
        while (reader.Read())
            expected.Add(new(reader.GetInt32(0), reader.GetString(1)));
        var held = await target
            .Services.GetRequiredService<IReplica<int, NoteState>>()
            .EnumerateAsync(ct: Ct)
            .Select(n => n.Value)
            .ToListAsync(Ct);
        Assert.Equal(expected, held.OrderBy(n => n.Id));
    }

    private SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection($"Data Source={_shop.File(file)};Pooling=False");
        connection.Open();
        return connection;
    }

    private void Backup(string name)
    {
        using var live = Open("notes.db");
        using var copy = Open(name);
        live.BackupDatabase(copy);
    }

    private void Restore(string name)
    {
        SqliteConnection.ClearAllPools();
        foreach (var suffix in new[] { "", "-wal", "-shm" })
            File.Delete(_shop.Database + suffix);
        File.Copy(_shop.File(name), _shop.Database);
    }

    public sealed class Heard : IStateHandler<NoteState>
    {
        public static ConcurrentQueue<string> Deletes { get; } = [];

        public static ConcurrentDictionary<string, NoteState?> Last { get; } = [];

        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct)
        {
            Last[change.Key] = change.Current;
            if (change.Current is null)
                Deletes.Enqueue(change.Key);
            return Task.CompletedTask;
        }
    }
}
