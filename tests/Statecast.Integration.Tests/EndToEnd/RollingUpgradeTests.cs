using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>
/// Source and target rolled one after the other, in either order, by an additive and by a breaking change, while notes are made, changed and removed at every step.
/// </summary>
public sealed class RollingUpgradeTests : IDisposable
{
    private const int Bootstrapped = 20;
    private readonly NotesShop _shop = new();
    private readonly HandledNotes _handled = new();
    private readonly List<string> _expected = [];
    private int _changes;

    /// <summary>What is stopped and started again, and as what.</summary>
    public enum Step
    {
        WiderSource,
        WiderTarget,
        SourceOfBoth,
        SourceOfNewer,
        TargetThroughUpcaster,
        NewerTarget,
    }

    [Theory]
    [InlineData(Step.WiderSource, Step.WiderTarget)]
    [InlineData(Step.WiderTarget, Step.WiderSource)]
    [InlineData(Step.SourceOfBoth, Step.NewerTarget, Step.SourceOfNewer)]
    [InlineData(Step.TargetThroughUpcaster, Step.SourceOfBoth, Step.NewerTarget, Step.SourceOfNewer)]
    public async Task Ends_equal_and_handlers_hear_each_change_once(params Step[] steps)
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(
            source,
            db =>
                db.AddRange(
                    Enumerable.Range(1, Bootstrapped).SelectMany(i => new[] { 1, 101 }.Select(k => new Note { Id = k + i, Text = "old" }))
                )
        );
        // All of it is sent before the target is there: what it finds is its beginning, of which handlers hear nothing.
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync();
        var target = await _shop.StartTargetAsync<NoteState>(configure: Handle, services: Record);
        await NotesShop.IdleAsync(source, target);
        Assert.Empty(_handled.Seen);
        await ChangeAsync(source);
        await NotesShop.IdleAsync(source, target);

        foreach (var step in steps)
        {
            if (step is Step.WiderSource or Step.SourceOfBoth or Step.SourceOfNewer)
            {
                // Whatever of it was not sent yet, the next generation sends.
                await ChangeAsync(source);
                await NotesShop.StopAsync(source);
                source = await _shop.StartSourceAsync(Publish(step));
            }
            else
            {
                await NotesShop.StopAsync(target);
                await ChangeAsync(source);
                target = await StartTargetAsync(step);
            }
            await NotesShop.IdleAsync(source, target);
            await ChangeAsync(source);
            await NotesShop.IdleAsync(source, target);
            Assert.Equal(_expected.Order(), _handled.Seen.Order());
        }
        await AssertEqualAsync(source, target);
        foreach (var host in new[] { target, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Change_that_only_the_newer_shape_shows_reaches_a_target_that_waited_for_it()
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(NewNote("glad")));
        // Sent before the target is there: of its beginning handlers hear nothing.
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync();
        var target = await StartTargetAsync(Step.TargetThroughUpcaster);
        await NotesShop.IdleAsync(source, target);
        Assert.Null((await target.Services.GetRequiredService<IReplica<int, TitledNoteState>>().GetAsync(1))?.Mood);
        foreach (var host in new[] { target, source })
            await NotesShop.StopAsync(host);

        source = await _shop.StartSourceAsync(Publish(Step.SourceOfBoth));
        target = await StartTargetAsync(Step.NewerTarget);
        await NotesShop.IdleAsync(source, target);
        Assert.Equal("glad", (await target.Services.GetRequiredService<IReplica<int, TitledNoteState>>().GetAsync(1))?.Mood);
        // The state is another one to its reader, though nobody saved it: it is told, as with any Snapshot that changes something.
        Assert.Equal(["1 >a"], _handled.Seen);
        foreach (var host in new[] { target, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task What_was_not_sent_of_a_major_that_is_turned_off_holds_nothing_back()
    {
        await NotesShop.StopAsync(await _shop.StartSourceAsync(Publish(Step.SourceOfBoth)));
        // Captured for both, and nothing sends.
        using (var unsent = await _shop.BuildSourceAsync(Publish(Step.SourceOfBoth)))
            await NotesShop.SaveAsync(unsent, db => db.Add(NewNote("glad")));
        Assert.Equal(1, _shop.Number("notes.db", "SELECT count(*) FROM statecast_outbox WHERE destination = 'e2e.note.v1'"));

        var source = await _shop.StartSourceAsync(Publish(Step.SourceOfNewer));
        var target = await StartTargetAsync(Step.NewerTarget);
        await NotesShop.IdleAsync(source, target);
        var replica = target.Services.GetRequiredService<IReplica<int, TitledNoteState>>();
        Assert.Equal("glad", (await replica.GetAsync(1))?.Mood);
        await NotesShop.UntilAsync(() => replica.Freshness.IsKnown);
        Assert.Equal(0, _shop.Number("notes.db", "SELECT count(*) FROM statecast_outbox"));
        foreach (var host in new[] { target, source })
            await NotesShop.StopAsync(host);
    }

    public void Dispose() => _shop.Dispose();

    private static Note NewNote(string mood) =>
        new()
        {
            Id = 1,
            Text = "a",
            Mood = mood,
        };

    private static Action<EfSourceBuilder<NotesDb>> Publish(Step step) =>
        step switch
        {
            Step.WiderSource => db => db.Publish<Note, WiderNoteState>(n => new(n.Id, n.Text, n.Mood)),
            Step.SourceOfBoth => db =>
                db.Publish<Note, TitledNoteState>(n => new(n.Id, n.Text, n.Text.Length, n.Mood)).AlsoAs<NoteState>(n => new(n.Id, n.Text)),
            _ => db => db.Publish<Note, TitledNoteState>(n => new(n.Id, n.Text, n.Text.Length, n.Mood)),
        };

    private Task<IHost> StartTargetAsync(Step step) =>
        step switch
        {
            Step.WiderTarget => _shop.StartTargetAsync<WiderNoteState>(configure: Handle, services: Record),
            Step.TargetThroughUpcaster => _shop.StartTargetAsync<TitledNoteState>(
                configure: r =>
                {
                    Handle(r);
                    r.FromMajor(1);
                },
                services: Record
            ),
            _ => _shop.StartTargetAsync<TitledNoteState>(configure: Handle, services: Record),
        };

    // One save each of: a new note, a note from before the target was there, a note that its handler knows, and both kinds removed. Each key once, so that nothing is
    // coalesced and what handlers must hear is known.
    private async Task ChangeAsync(IHost source)
    {
        var n = ++_changes;
        Assert.True(n <= Bootstrapped);
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1000 + n, Text = $"made {n}" }));
        await NotesShop.SaveAsync(source, db => Find(db, 1 + n).Text = $"changed {n}");
        await NotesShop.SaveAsync(source, db => db.Remove(Find(db, 101 + n)));
        _expected.AddRange([$"{1000 + n} >made {n}", $"{1 + n} >changed {n}", $"{101 + n} >"]);
        if (n > 1)
        {
            await NotesShop.SaveAsync(source, db => Find(db, 1000 + n - 1).Text = $"again {n}");
            _expected.Add($"{1000 + n - 1} made {n - 1}>again {n}");
        }
        if (n > 2)
        {
            await NotesShop.SaveAsync(source, db => db.Remove(Find(db, 1000 + n - 2)));
            _expected.Add($"{1000 + n - 2} again {n - 1}>");
        }
    }

    private static Note Find(NotesDb db, int id) => db.Notes.Single(note => note.Id == id);

    private async Task AssertEqualAsync(IHost source, IHost target)
    {
        var status = target.Services.GetRequiredService<IStatecast>().Replicas.Single();
        Assert.Equal(ReplicaState.Live, status.State);
        Assert.Equal(0, status.Parked);
        Assert.Equal(status.Counters.Received, status.Counters.Applied + status.Counters.Superseded);
        Assert.Equal(0, _shop.Number("target.db", "SELECT count(*) FROM statecast_replica_pending"));
        using var scope = source.Services.CreateScope();
        var wanted = scope.ServiceProvider.GetRequiredService<NotesDb>().Notes.ToDictionary(n => n.Id, n => n.Text);
        Assert.Equal(wanted.OrderBy(n => n.Key), (await TextsAsync(target)).OrderBy(n => n.Key));
        const string revisions = "SELECT group_concat(key || ':' || revision || iif(deleted, 'x', ''), ' ' ORDER BY key) FROM";
        Assert.Equal(
            _shop.Text("notes.db", $"{revisions} statecast_head WHERE contract = 'e2e.note'"),
            _shop.Text("target.db", $"{revisions} \"statecast_rows.{status.Name}\"")
        );
    }

    private static async Task<Dictionary<int, string>> TextsAsync(IHost target) =>
        target.Services.GetService<IReplica<int, TitledNoteState>>() is { } titled
            ? await titled.EnumerateAsync().ToDictionaryAsync(n => n.Key, n => n.Value.Title)
            : await target
                .Services.GetRequiredService<IReplica<int, WiderNoteState>>()
                .EnumerateAsync()
                .ToDictionaryAsync(n => n.Key, n => n.Value.Text);

    private static void Handle<TState>(ReplicaBuilder<TState> replica)
        where TState : class, Contracts.IStateContract<TState> => replica.On<HandledNotes.Handler<TState>>("notes");

    private void Record(IServiceCollection services) => services.AddSingleton(_handled);
}
