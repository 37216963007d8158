using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Consuming;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>Keys deleted and made again while the target sleeps: it sees only how it ended.</summary>
public sealed class DeletedWhileAsleepTests : IDisposable
{
    private readonly NotesShop _shop = new();
    private readonly Calls _calls = new();

    [Fact]
    public async Task Deleted_and_made_again_while_the_target_sleeps()
    {
        var source = await _shop.StartSourceAsync();
        var target = await StartTargetAsync();
        await NotesShop.IdleAsync(source, target);
        await NotesShop.SaveAsync(
            source,
            db =>
                db.AddRange(
                    new Note { Id = 1, Text = "equal" },
                    new Note { Id = 2, Text = "old" },
                    new Note { Id = 3, Text = "gone" },
                    new Note { Id = 4, Text = "untouched" }
                )
        );
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(["1: - > equal Upsert 1", "2: - > old Upsert 1", "3: - > gone Upsert 1", "4: - > untouched Upsert 1"], _calls.Take());
        await NotesShop.StopAsync(target);

        await NotesShop.SaveAsync(source, db => db.RemoveRange(db.Notes.Where(n => n.Id < 4)));
        await NotesShop.SaveAsync(source, db => db.AddRange(new Note { Id = 1, Text = "equal" }, new Note { Id = 2, Text = "new" }));
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync();

        target = await StartTargetAsync();
        await NotesShop.IdleAsync(source, target);
        var replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        Assert.Equal(new NoteState(1, "equal"), await replica.GetAsync(1));
        Assert.Equal(new NoteState(2, "new"), await replica.GetAsync(2));
        Assert.Null(await replica.GetAsync(3));
        Assert.Equal(new NoteState(4, "untouched"), await replica.GetAsync(4));
        Assert.Equal(3, await replica.EnumerateAsync().CountAsync());
        Assert.Equal(3, target.Services.GetRequiredService<IStatecast>().Replicas[0].Keys);
        Assert.Equal("1:3 2:3 3:2x 4:1", Rows());
        // Previous is what the handler last finished with, whatever happened in between.
        Assert.Equal(["1: equal > equal Upsert 3", "2: old > new Upsert 3", "3: gone > - Delete 2"], _calls.Take());

        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 3, Text = "back" }));
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(new NoteState(3, "back"), await replica.GetAsync(3));
        Assert.Equal("1:3 2:3 3:3 4:1", Rows());
        Assert.Equal(["3: - > back Upsert 3"], _calls.Take());
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Delete_is_remembered_over_a_restart_and_a_replay()
    {
        var source = await _shop.StartSourceAsync();
        var target = await StartTargetAsync();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 3, Text = "gone" }));
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);
        _shop.Change(Path.Combine("log", "notes.db"), $"VACUUM INTO '{_shop.File("earlier.db")}'");
        await NotesShop.SaveAsync(source, db => db.Remove(db.Notes.Single(n => n.Id == 3)));
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync();
        target = await StartTargetAsync();
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
        _calls.Take();

        // A log as it was before the delete, read from its beginning: the position is gone too.
        foreach (var file in Directory.GetFiles(_shop.Log, "notes.db*"))
            File.Delete(file);
        File.Move(_shop.File("earlier.db"), Path.Combine(_shop.Log, "notes.db"));
        _shop.Change("target.db", "DELETE FROM statecast_replica_position");
        target = await StartTargetAsync();
        var status = target.Services.GetRequiredService<IStatecast>().Replicas[0];
        var superseded = status.Counters.Superseded;
        await NotesShop.UntilAsync(() => status.Counters.Superseded > superseded);
        Assert.Equal("3:2x", Rows());
        Assert.Equal(0, status.Keys);
        Assert.Empty(_calls.Take());
        await NotesShop.StopAsync(target);
    }

    public void Dispose() => _shop.Dispose();

    private Task<IHost> StartTargetAsync() =>
        _shop.StartTargetAsync<NoteState>(configure: r =>
        {
            r.Services.AddSingleton(_calls);
            r.On<Recorder>();
        });

    /// <summary>Every row of the replica's file: its key and revision, and an x where it is a remembered delete.</summary>
    private string Rows() =>
        _shop.Text(
            "target.db",
            "SELECT group_concat(key || ':' || revision || iif(deleted AND body IS NULL, 'x', ''), ' ' ORDER BY key) FROM \"statecast_rows.e2e.note.v1\""
        );

    private sealed class Calls
    {
        private readonly ConcurrentQueue<string> _calls = [];

        public void Add(StateChange<NoteState> change) =>
            _calls.Enqueue(
                $"{change.Key}: {change.Previous?.Text ?? "-"} > {change.Current?.Text ?? "-"} {change.Operation} {change.Revision.Number}"
            );

        /// <summary>The calls since the last look, by key.</summary>
        public List<string> Take()
        {
            var calls = new List<string>();
            while (_calls.TryDequeue(out var call))
                calls.Add(call);
            calls.Sort(StringComparer.Ordinal);
            return calls;
        }
    }

    private sealed class Recorder(Calls calls) : IStateHandler<NoteState>
    {
        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct)
        {
            calls.Add(change);
            return Task.CompletedTask;
        }
    }
}
