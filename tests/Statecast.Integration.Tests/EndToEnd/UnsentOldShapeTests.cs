using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>A source stopped with rows of the old shape unsent, and started again with the new one.</summary>
public sealed class UnsentOldShapeTests : IDisposable
{
    private readonly NotesShop _shop = new();

    [Fact]
    public async Task Old_and_new_target_converge()
    {
        var before = await _shop.StartTargetAsync<NoteState>();
        await SaveUnsentAsync([
            new Note
            {
                Id = 1,
                Text = "one",
                Mood = "glad",
            },
            new Note { Id = 2, Text = "two" },
        ]);

        var source = await _shop.StartSourceAsync(db => db.Publish<Note, WiderNoteState>(n => new(n.Id, n.Text, n.Mood)));
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 2).Mood = "sad");
        await NotesShop.IdleAsync(source, before);
        var old = before.Services.GetRequiredService<IReplica<int, NoteState>>();
        Assert.Equal([new(1, "one"), new(2, "two")], await StatesAsync(old));
        await NotesShop.StopAsync(before);

        // The same replica's file, now read with the new shape.
        var after = await _shop.StartTargetAsync<WiderNoteState>();
        await NotesShop.IdleAsync(source, after);
        var wide = after.Services.GetRequiredService<IReplica<int, WiderNoteState>>();
        Assert.Equal([new(1, "one", "glad"), new(2, "two", "sad")], await StatesAsync(wide));
        Assert.Equal(0, after.Services.GetRequiredService<IStatecast>().Replicas[0].Parked);
        Assert.Equal(0, _shop.Number("notes.db", "SELECT count(*) FROM statecast_outbox"));
        await NotesShop.StopAsync(after);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Unreadable_key_is_parked_and_the_others_go_on()
    {
        await SaveUnsentAsync([new Note { Id = 1, Text = "" }, new Note { Id = 2, Text = "two" }]);
        // The new shape has no state for the first note, so that the republish passes it over: its old row is what travels.
        var source = await _shop.StartSourceAsync(PublishBroken);
        var target = await _shop.StartTargetAsync<BrokenNoteState>();
        var statecast = target.Services.GetRequiredService<IStatecast>();
        var replica = target.Services.GetRequiredService<IReplica<int, BrokenNoteState>>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Parked == 1);

        var parked = await statecast.Parked.EventsAsync("e2e.note.v1").SingleAsync();
        Assert.Equal("1", parked.Key);
        Assert.Contains("size", parked.Reason);
        var error = await Assert.ThrowsAsync<StateParkedException>(() => replica.GetAsync(1, options: ReadOptions.Partial).AsTask());
        Assert.Contains(parked.Reason, error.Message);
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 3, Text = "three" }));
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Keys == 2);
        Assert.Equal(new BrokenNoteState(2, "two", 3), await replica.GetAsync(2, options: ReadOptions.Partial));
        Assert.Equal(new BrokenNoteState(3, "three", 5), await replica.GetAsync(3, options: ReadOptions.Partial));
        Assert.Equal(1, statecast.Replicas[0].Parked);

        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 1).Text = "mended");
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(new BrokenNoteState(1, "mended", 6), await replica.GetAsync(1));
        Assert.Equal(0, statecast.Replicas[0].Parked);
        var counters = statecast.Replicas[0].Counters;
        Assert.Equal(counters.Received, counters.Applied + counters.Superseded);
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    public void Dispose() => _shop.Dispose();

    /// <summary>Publishes the old shape once, and leaves what is saved afterwards in the outbox.</summary>
    private async Task SaveUnsentAsync(Note[] notes)
    {
        var source = await _shop.StartSourceAsync();
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync();
        await NotesShop.StopAsync(source);
        using var stopped = await _shop.BuildSourceAsync();
        await NotesShop.SaveAsync(stopped, db => db.AddRange(notes));
        Assert.Equal(notes.Length, _shop.Number("notes.db", "SELECT count(*) FROM statecast_outbox"));
    }

    private static void PublishBroken(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, BrokenNoteState>(n =>
            n.Text.Length == 0 ? throw new InvalidOperationException("a note without a text") : new(n.Id, n.Text, n.Text.Length)
        );

    private static async Task<List<TState>> StatesAsync<TState>(IReplica<int, TState> replica)
        where TState : class => [.. (await replica.EnumerateAsync().ToListAsync()).OrderBy(n => n.Key).Select(n => n.Value)];
}
