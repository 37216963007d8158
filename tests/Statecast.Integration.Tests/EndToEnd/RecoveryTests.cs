using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SQLitePCL;
using Statecast.Hosting;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>What befalls a running pair: a log that was deleted, a database file that is locked, a second relay, a source that starts late.</summary>
public sealed class RecoveryTests : IDisposable
{
    private readonly NotesShop _shop = new();

    [Fact]
    public async Task Deleted_log_is_made_anew_and_filled_before_anyone_is_live()
    {
        var source = await _shop.StartSourceAsync();
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(source, db => db.AddRange(Enumerable.Range(1, 300).Select(i => new Note { Id = i, Text = $"note {i}" })));
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);
        await NotesShop.SaveAsync(source, db => db.Remove(db.Notes.Single(n => n.Id == 7)));
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync();
        await NotesShop.StopAsync(source);

        Directory.Delete(_shop.Log, recursive: true);
        source = await _shop.StartSourceAsync();
        // A target that knew the old log, and one that never saw any.
        target = await _shop.StartTargetAsync<NoteState>();
        var fresh = await _shop.StartTargetAsync<NoteState>("fresh.db");
        foreach (var each in new[] { target, fresh })
        {
            await NotesShop.IdleAsync(source, each);
            var replica = each.Services.GetRequiredService<IReplica<int, NoteState>>();
            Assert.Equal(299, await replica.EnumerateAsync().CountAsync());
            Assert.Null(await replica.GetAsync(7));
            Assert.Equal("note 300", (await replica.GetAsync(300))?.Text);
        }
        foreach (var host in new[] { target, fresh, source })
            await NotesShop.StopAsync(host);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Log_removed_under_a_running_source_is_made_anew_and_filled(bool byAStandby)
    {
        var source = await _shop.StartSourceAsync();
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(source, db => db.AddRange(Enumerable.Range(1, 50).Select(i => new Note { Id = i, Text = $"note {i}" })));
        await NotesShop.IdleAsync(source, target);

        foreach (var file in Directory.GetFiles(_shop.Log))
            File.Delete(file);
        // Another process of the service makes the new file, while this one still has the old one open.
        var standby = byAStandby ? await _shop.StartSourceAsync() : null;
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 51, Text = "after" }));
        var fresh = await _shop.StartTargetAsync<NoteState>("fresh.db");
        foreach (var each in new[] { target, fresh })
        {
            await NotesShop.IdleAsync(source, each);
            var replica = each.Services.GetRequiredService<IReplica<int, NoteState>>();
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (await replica.GetAsync(51) is null || await replica.EnumerateAsync().CountAsync() != 51)
                await Task.Delay(20, deadline.Token);
        }
        foreach (var host in new[] { standby, fresh, target, source })
            if (host is not null)
                await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Target_that_starts_before_its_source_becomes_live()
    {
        var target = await _shop.StartTargetAsync<NoteState>();
        Assert.Equal(ReplicaState.Empty, target.Services.GetRequiredService<IReplica<int, NoteState>>().State);
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "a" }));
        await NotesShop.IdleAsync(source, target);
        Assert.Equal("a", (await target.Services.GetRequiredService<IReplica<int, NoteState>>().GetAsync(1))?.Text);
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Second_process_of_a_source_stands_by_and_takes_over()
    {
        var first = await _shop.StartSourceAsync();
        var second = await _shop.StartSourceAsync();
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(second, db => db.Add(new Note { Id = 1, Text = "a" }));
        await NotesShop.IdleAsync(second, target);
        await NotesShop.StopAsync(first);
        await NotesShop.SaveAsync(second, db => db.Add(new Note { Id = 2, Text = "b" }));
        await NotesShop.IdleAsync(second, target);
        Assert.Equal(2, await target.Services.GetRequiredService<IReplica<int, NoteState>>().EnumerateAsync().CountAsync());
        await NotesShop.StopAsync(second);
        await NotesShop.StopAsync(target);
    }

    [Fact]
    public async Task Save_waits_while_another_writer_holds_the_file_and_then_succeeds()
    {
        var source = await _shop.StartSourceAsync();
        var target = await _shop.StartTargetAsync<NoteState>();
        await using (var other = new SqliteConnection($"Data Source={_shop.Database}"))
        {
            await other.OpenAsync();
            await using var transaction = other.BeginTransaction();
            // SQLite has no asynchronous calls: the save would hold this thread.
            var begun = new TaskCompletionSource();
            var saving = Task.Run(() =>
                NotesShop.SaveAsync(
                    source,
                    db =>
                    {
                        db.Add(new Note { Id = 1, Text = "a" });
                        begun.SetResult();
                    }
                )
            );
            await begun.Task;
            // Somebody less patient, who came later, meets the lock and gives up; the save that came before waits on.
            await using (var hasty = new SqliteConnection($"Data Source={_shop.Database};Default Timeout=1"))
            {
                await hasty.OpenAsync();
                Assert.Equal(raw.SQLITE_BUSY, Assert.Throws<SqliteException>(() => hasty.BeginTransaction()).SqliteErrorCode);
            }
            Assert.False(saving.IsCompleted);
            await transaction.RollbackAsync();
            await saving;
        }
        await NotesShop.IdleAsync(source, target);
        Assert.Equal("a", (await target.Services.GetRequiredService<IReplica<int, NoteState>>().GetAsync(1))?.Text);
        await NotesShop.StopAsync(source);
        await NotesShop.StopAsync(target);
    }

    [Fact]
    public async Task Two_sources_of_one_destination_are_told_apart()
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "mine" }));
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.IdleAsync(source, target);
        using var otherShop = new NotesShop();
        var log = _shop.Log;
        var intruder = await otherShop.StartSourceAsync(service: "intruder");
        await NotesShop.SaveAsync(intruder, db => db.Add(new Note { Id = 2, Text = "theirs" }));
        await intruder.Services.GetRequiredService<IStatecast>().WhenIdleAsync();
        await NotesShop.StopAsync(intruder);
        File.Copy(Path.Combine(otherShop.Log, "intruder.db"), Path.Combine(log, "intruder.db"));
        var parked = target.Services.GetRequiredService<IStatecast>();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (parked.Replicas[0].Parked == 0)
            await Task.Delay(10, deadline.Token);
        var replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        Assert.Contains("intruder", (await parked.Parked.EventsAsync("e2e.note.v1").FirstAsync()).Reason);
        Assert.Equal("mine", (await replica.GetAsync(1))?.Text);
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);

        // A target that was Live knows whose states it has, also where only the other's file is there when it starts.
        foreach (var file in Directory.GetFiles(log, "notes.db*"))
            File.Move(file, Path.Combine(_shop.Folder, $"kept-{Path.GetFileName(file)}"));
        target = await _shop.StartTargetAsync<NoteState>();
        replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.False(replica.Freshness.IsKnown);
        Assert.Equal("mine", (await replica.GetAsync(1))?.Text);
        source = await _shop.StartSourceAsync();
        await NotesShop.IdleAsync(source, target);
        Assert.Equal("mine", (await replica.GetAsync(1))?.Text);
        await NotesShop.StopAsync(source);
        await NotesShop.StopAsync(target);
    }

    public void Dispose() => _shop.Dispose();
}
