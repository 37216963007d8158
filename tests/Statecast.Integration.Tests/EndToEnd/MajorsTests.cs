using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>Two majors of one contract: written side by side, read through upcasters, and moved to one service after the other.</summary>
public sealed class MajorsTests : IDisposable
{
    private readonly NotesShop _shop = new();
    private readonly HandledNotes _handled = new();

    [Fact]
    public async Task Both_majors_have_one_epoch_and_revision()
    {
        var source = await _shop.StartSourceAsync(PublishBoth);
        var older = await _shop.StartTargetAsync<NoteState>("older.db");
        var newer = await _shop.StartTargetAsync<TitledNoteState>("newer.db");
        await NotesShop.SaveAsync(source, db => db.AddRange(Enumerable.Range(1, 40).Select(i => new Note { Id = i, Text = $"note {i}" })));
        await NotesShop.SaveAsync(source, db => db.Remove(db.Notes.Single(n => n.Id == 7)));
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 8).Text = "changed");
        // Only the newer major shows it; both have one revision all the same.
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 9).Mood = "glad");
        foreach (var target in new[] { older, newer })
            await NotesShop.IdleAsync(source, target);

        Assert.Equal(new(8, "changed"), await Replica<NoteState>(older).GetAsync(8));
        Assert.Equal(new(8, "changed", 7, null), await Replica<TitledNoteState>(newer).GetAsync(8));
        Assert.Equal("glad", (await Replica<TitledNoteState>(newer).GetAsync(9))?.Mood);
        Assert.Equal(Revisions("older.db", "e2e.note.v1"), Revisions("newer.db", "e2e.note.v2"));
        Assert.Contains(" 9:2", Revisions("older.db", "e2e.note.v1"), StringComparison.Ordinal);
        foreach (var host in new[] { newer, older, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task What_only_the_older_major_shows_is_published()
    {
        var source = await _shop.StartSourceAsync(db =>
            db.Publish<Note, LeanNoteState>(n => new(n.Id, n.Text)).AlsoAs<WiderNoteState>(n => new(n.Id, n.Text, n.Mood))
        );
        var older = await _shop.StartTargetAsync<WiderNoteState>("older.db");
        var newer = await _shop.StartTargetAsync<LeanNoteState>("newer.db");
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 1).Mood = "glad");
        foreach (var target in new[] { older, newer })
            await NotesShop.IdleAsync(source, target);

        Assert.Equal(new(1, "one", "glad"), await Replica<WiderNoteState>(older).GetAsync(1));
        Assert.Equal(new(1, "one"), await Replica<LeanNoteState>(newer).GetAsync(1));
        // An event in both: to the newer it is a state like the last.
        Assert.Equal("1:2", Revisions("older.db", "e2e.note.v1"));
        Assert.Equal("1:2", Revisions("newer.db", "e2e.note.v4"));
        foreach (var host in new[] { newer, older, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Newer_major_is_filled_by_a_republish_and_the_older_stays_complete()
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.AddRange(Enumerable.Range(1, 40).Select(i => new Note { Id = i, Text = $"note {i}" })));
        await NotesShop.SaveAsync(source, db => db.Remove(db.Notes.Single(n => n.Id == 7)));
        var older = await _shop.StartTargetAsync<NoteState>(
            "older.db",
            r => r.On<HandledNotes.Handler<NoteState>>("notes"),
            services: Record
        );
        await NotesShop.IdleAsync(source, older);
        await NotesShop.StopAsync(source);
        _handled.Seen.Clear();

        source = await _shop.StartSourceAsync(PublishBoth);
        var newer = await _shop.StartTargetAsync<TitledNoteState>("newer.db");
        foreach (var target in new[] { older, newer })
            await NotesShop.IdleAsync(source, target);
        Assert.Equal(39, await Replica<TitledNoteState>(newer).EnumerateAsync().CountAsync());
        Assert.Equal(Revisions("older.db", "e2e.note.v1"), Revisions("newer.db", "e2e.note.v2"));
        // To the older major nothing changed: its handlers hear nothing.
        Assert.Empty(_handled.Seen);

        // Turned off: the newer goes on alone.
        await NotesShop.StopAsync(source);
        source = await _shop.StartSourceAsync(PublishNewer);
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 1).Text = "alone");
        await NotesShop.IdleAsync(source, newer);
        Assert.Equal("alone", (await Replica<TitledNoteState>(newer).GetAsync(1))?.Title);
        Assert.Equal("note 1", (await Replica<NoteState>(older).GetAsync(1))?.Text);
        foreach (var host in new[] { newer, older, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Target_moves_before_its_source_and_handlers_hear_each_change_once()
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.AddRange(Enumerable.Range(1, 40).Select(i => new Note { Id = i, Text = $"note {i}" })));
        // All is sent before the target starts: what arrives after it is Live its handlers hear.
        await NotesShop.IdleAsync(source, source);
        var target = await _shop.StartTargetAsync<NoteState>(
            configure: r => r.On<HandledNotes.Handler<NoteState>>("notes"),
            services: Record
        );
        await NotesShop.IdleAsync(source, target);
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 1).Text = "one");
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);

        // The target first: it reads the older major through the upcaster, from where it stood.
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 2).Text = "two");
        target = await StartNewerAsync(fromMajor: 1);
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(new(2, "two", 3, null), await Replica<TitledNoteState>(target).GetAsync(2));
        Assert.Equal(new(3, "note 3", 6, null), await Replica<TitledNoteState>(target).GetAsync(3));
        Assert.Equal(40, await Replica<TitledNoteState>(target).EnumerateAsync().CountAsync());
        await NotesShop.StopAsync(target);

        // Then the source, which writes both; what changes meanwhile the target hears from the newer destination.
        await NotesShop.StopAsync(source);
        source = await _shop.StartSourceAsync(PublishBoth);
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 4).Text = "four");
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 1).Text = "uno");
        await NotesShop.SaveAsync(source, db => db.Remove(db.Notes.Single(n => n.Id == 5)));
        target = await StartNewerAsync(fromMajor: null);
        await NotesShop.IdleAsync(source, target);
        var replica = Replica<TitledNoteState>(target);
        Assert.Equal(39, await replica.EnumerateAsync().CountAsync());
        Assert.Equal(new(4, "four", 4, null), await replica.GetAsync(4));
        Assert.Null(await replica.GetAsync(5));
        Assert.Equal(["1 >one", "1 one>uno", "2 >two", "4 >four", "5 >"], _handled.Seen.Order());
        Assert.Equal(0, _shop.Number("target.db", "SELECT count(*) FROM statecast_replica WHERE name = 'e2e.note.v1'"));
        Assert.Equal(0, _shop.Number("target.db", "SELECT count(*) FROM \"statecast_rows.e2e.note.v2\" WHERE major <> 2"));
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Replica_that_took_over_answers_from_old_rows_while_the_newer_destination_is_not_there()
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);

        target = await StartNewerAsync(fromMajor: null);
        var replica = Replica<TitledNoteState>(target);
        await NotesShop.UntilAsync(() => replica.State == ReplicaState.CatchingUp);
        // Complete once, and not as of now: it says so.
        Assert.Equal(new(1, "one", 3, null), await replica.GetAsync(1));
        Assert.False(replica.Freshness.IsKnown);
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Chain_of_two_upcasters_reads_the_oldest()
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        var target = await _shop.StartTargetAsync<ShoutedNoteState>(configure: r => r.FromMajor(1));
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(new(1, "ONE"), await Replica<ShoutedNoteState>(target).GetAsync(1));
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Upcaster_that_throws_parks_its_key_and_no_other()
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.AddRange(new Note { Id = 1, Text = "" }, new Note { Id = 2, Text = "two" }));
        var target = await StartNewerAsync(fromMajor: 1);
        var statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Parked == 1 && statecast.Replicas[0].Keys == 1);
        var parked = Assert.Single(await statecast.Parked.EventsAsync("e2e.note.v1").ToListAsync());
        Assert.Contains(
            "TitledNoteState.Upcast(NoteState) threw ArgumentException: a title is needed",
            parked.Reason,
            StringComparison.Ordinal
        );
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 1).Text = "mended");
        await NotesShop.IdleAsync(source, target);
        Assert.Equal("mended", (await Replica<TitledNoteState>(target).GetAsync(1))?.Title);
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public void Gap_is_said_at_start()
    {
        var gap = Assert.Throws<InvalidOperationException>(() => Add<ThirdState>(fromMajor: 1));
        Assert.Equal(
            "States of e2e.third version 1 cannot be read as ThirdState, which is version 3: no upcaster leads from there (older versions that are read: 2). "
                + "Add 'public static … Upcast(… old)', which takes the record of version 1, to the record of version 2.",
            gap.Message
        );
    }

    [Fact]
    public void Newer_version_than_the_record_is_refused_at_start()
    {
        var newer = Assert.Throws<InvalidOperationException>(() => Add<TitledNoteState>(fromMajor: 3));
        Assert.Equal(
            "States of e2e.note version 3 cannot be read as TitledNoteState, which is version 2: the version is newer. "
                + "Read it with the record of version 3, or leave it to a target that has that record.",
            newer.Message
        );
    }

    private static void Add<TState>(int fromMajor)
        where TState : class, IStateContract<TState> =>
        Microsoft
            .Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null)
            .Services.AddStatecast("gap", s => s.Replica<TState>(r => r.InMemory().FromMajor(fromMajor)));

    [Fact]
    public void Two_replicas_of_one_destination_are_refused()
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        Assert.Contains(
            "both read e2e.note.v1",
            Assert
                .Throws<InvalidOperationException>(() =>
                    builder.Services.AddStatecast(
                        "twice",
                        s => s.Replica<NoteState>(r => r.InMemory()).Replica<TitledNoteState>(r => r.InMemory().FromMajor(1))
                    )
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    public void Dispose() => _shop.Dispose();

    private static IReplica<int, TState> Replica<TState>(IHost host)
        where TState : class => host.Services.GetRequiredService<IReplica<int, TState>>();

    private static void PublishBoth(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, TitledNoteState>(n => new(n.Id, n.Text, n.Text.Length, n.Mood)).AlsoAs<NoteState>(n => new(n.Id, n.Text));

    private static void PublishNewer(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, TitledNoteState>(n => new(n.Id, n.Text, n.Text.Length, n.Mood));

    private Task<IHost> StartNewerAsync(int? fromMajor) =>
        _shop.StartTargetAsync<TitledNoteState>(
            configure: r =>
            {
                r.On<HandledNotes.Handler<TitledNoteState>>("notes");
                if (fromMajor is { } major)
                    r.FromMajor(major);
            },
            services: Record
        );

    private void Record(IServiceCollection services) => services.AddSingleton(_handled);

    private string Revisions(string file, string replica) =>
        _shop.Text(
            file,
            $"SELECT group_concat(key || ':' || revision || iif(deleted, 'x', ''), ' ' ORDER BY key) FROM \"statecast_rows.{replica}\""
        );
}

/// <summary>The note's next major: its text became a title, with a length.</summary>
[StateContract("e2e.note", Version = 2)]
public sealed partial record TitledNoteState([property: StateKey] int Id, string Title, int Length, string? Mood)
{
    public static TitledNoteState Upcast(NoteState old) =>
        old.Text.Length == 0 ? throw new ArgumentException("a title is needed") : new(old.Id, old.Text, old.Text.Length, null);
}

/// <summary>The one after: it can be made of the oldest by way of the second.</summary>
[StateContract("e2e.note", Version = 3)]
public sealed partial record ShoutedNoteState([property: StateKey] int Id, string Shout)
{
    public static ShoutedNoteState Upcast(TitledNoteState old) => new(old.Id, old.Title.ToUpperInvariant());
}

/// <summary>And one that shows less than the oldest did.</summary>
[StateContract("e2e.note", Version = 4)]
public sealed partial record LeanNoteState([property: StateKey] int Id, string Text);

/// <summary>What handlers of either major were told, in one form.</summary>
public sealed class HandledNotes
{
    private volatile bool _fails;
    private volatile bool _waitsForStop;
    private int _failed;
    private int _waiting;

    public ConcurrentQueue<string> Seen { get; } = new();

    /// <summary>Whether handlers throw.</summary>
    public bool Fails
    {
        get => _fails;
        set => _fails = value;
    }

    /// <summary>How often they did.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Whether handlers return only once their host stops, their work done.</summary>
    public bool WaitsForStop
    {
        get => _waitsForStop;
        set => _waitsForStop = value;
    }

    /// <summary>How many wait, or did.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public sealed class Handler<TState>(HandledNotes notes) : IStateHandler<TState>
        where TState : class
    {
        public async Task HandleAsync(StateChange<TState> change, CancellationToken ct)
        {
            if (notes.WaitsForStop)
            {
                var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await using var stops = ct.Register(stopped.SetResult);
                Interlocked.Increment(ref notes._waiting);
                await stopped.Task;
            }
            if (notes.Fails)
            {
                Interlocked.Increment(ref notes._failed);
                throw new InvalidOperationException("planted");
            }
            notes.Seen.Enqueue($"{change.Key} {Text(change.Previous)}>{Text(change.Current)}");
        }

        private static string? Text(object? state) =>
            state switch
            {
                NoteState older => older.Text,
                WiderNoteState wider => wider.Text,
                TitledNoteState newer => newer.Title,
                _ => null,
            };
    }
}

/// <summary>The oldest that <see cref="ThirdState"/> can be made of: the first is forgotten.</summary>
[StateContract("e2e.third", Version = 2)]
public sealed partial record SecondState([property: StateKey] int Id);

/// <summary>Made of the second alone.</summary>
[StateContract("e2e.third", Version = 3)]
public sealed partial record ThirdState([property: StateKey] int Id, string Name)
{
    public static ThirdState Upcast(SecondState old) => new(old.Id, "");
}
