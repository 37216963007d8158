using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>A contract that was changed while rows of the old shape are in outbox, log and replica.</summary>
public sealed class ChangedContractTests : IDisposable
{
    private readonly NotesShop _shop = new();

    [Fact]
    public async Task Wider_target_fills_what_old_rows_do_not_have()
    {
        var source = await _shop.StartSourceAsync();
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "old" }));
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);
        var byText = StateIndex.On<WiderNoteState, string>("text", n => n.Text);
        target = await _shop.StartTargetAsync<WiderNoteState>(configure: r => r.Index(byText));
        await NotesShop.IdleAsync(source, target);
        var replica = target.Services.GetRequiredService<IReplica<int, WiderNoteState>>();
        Assert.Equal(new WiderNoteState(1, "old", null), await replica.GetAsync(1));
        // The new index was built from the rows that were there.
        Assert.Equal([1], (await replica.QueryAsync(byText, "old").ToListAsync()).Select(n => n.Key));
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Wider_source_republishes_and_the_old_target_ignores_the_field()
    {
        var source = await _shop.StartSourceAsync();
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(
            source,
            db =>
                db.Add(
                    new Note
                    {
                        Id = 1,
                        Text = "a",
                        Mood = "glad",
                    }
                )
        );
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(source);
        source = await _shop.StartSourceAsync(db => db.Publish<Note, WiderNoteState>(n => new(n.Id, n.Text, n.Mood)));
        await NotesShop.IdleAsync(source, target);
        Assert.Equal("a", (await target.Services.GetRequiredService<IReplica<int, NoteState>>().GetAsync(1))?.Text);
        Assert.Equal(0, target.Services.GetRequiredService<IStatecast>().Replicas[0].Parked);
        var wide = await _shop.StartTargetAsync<WiderNoteState>("wide.db");
        await NotesShop.IdleAsync(source, wide);
        // The republish carried the new field although no row was saved since.
        Assert.Equal("glad", (await wide.Services.GetRequiredService<IReplica<int, WiderNoteState>>().GetAsync(1))?.Mood);
        foreach (var host in new[] { wide, target, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Upgraded_target_applies_what_its_old_shape_had_parked()
    {
        var source = await _shop.StartSourceAsync();
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(source);
        // The source goes first: the old target cannot read what it republishes.
        source = await _shop.StartSourceAsync(db => db.Publish<Note, RenamedNoteState>(n => new(n.Id, n.Text)));
        var statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Parked == 1);
        await NotesShop.StopAsync(target);

        target = await _shop.StartTargetAsync<RenamedNoteState>();
        statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(0, statecast.Replicas[0].Parked);
        Assert.Equal(new(1, "one"), await target.Services.GetRequiredService<IReplica<int, RenamedNoteState>>().GetAsync(1));
        var counters = statecast.Replicas[0].Counters;
        Assert.Equal(counters.Received, counters.Applied + counters.Superseded + counters.Dropped);
        await NotesShop.StopAsync(source);
        await NotesShop.StopAsync(target);
    }

    [Fact]
    public async Task Unreadable_old_rows_are_parked_and_new_states_mend_them()
    {
        var source = await _shop.StartSourceAsync();
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(source, db => db.AddRange(new Note { Id = 1, Text = "one" }, new Note { Id = 2, Text = "two" }));
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);

        target = await _shop.StartTargetAsync<BrokenNoteState>();
        var statecast = target.Services.GetRequiredService<IStatecast>();
        var replica = target.Services.GetRequiredService<IReplica<int, BrokenNoteState>>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Parked == 2);
        Assert.Contains("size", (await Assert.ThrowsAsync<StateParkedException>(() => replica.GetAsync(1).AsTask())).Message);
        Assert.False(replica.Freshness.IsKnown);

        await NotesShop.StopAsync(source);
        source = await _shop.StartSourceAsync(db => db.Publish<Note, BrokenNoteState>(n => new(n.Id, n.Text, n.Text.Length)));
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(0, statecast.Replicas[0].Parked);
        Assert.Equal(new BrokenNoteState(1, "one", 3), await replica.GetAsync(1));
        var counters = statecast.Replicas[0].Counters;
        Assert.Equal(counters.Received, counters.Applied + counters.Superseded + counters.Dropped);
        await NotesShop.StopAsync(source);
        await NotesShop.StopAsync(target);
    }

    [Fact]
    public async Task Parked_rows_are_readable_again_once_the_old_shape_is_back()
    {
        var source = await _shop.StartSourceAsync();
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);
        target = await _shop.StartTargetAsync<BrokenNoteState>();
        var statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Parked == 1);
        await NotesShop.StopAsync(target);
        target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.IdleAsync(source, target);
        Assert.Equal("one", (await target.Services.GetRequiredService<IReplica<int, NoteState>>().GetAsync(1))?.Text);
        await NotesShop.StopAsync(source);
        await NotesShop.StopAsync(target);
    }

    public void Dispose() => _shop.Dispose();
}
