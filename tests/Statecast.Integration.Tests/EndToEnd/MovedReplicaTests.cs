using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>What a replica of an older major had under way when it moved to the newer one: none of it is stuck, lost or done twice.</summary>
public sealed class MovedReplicaTests : IDisposable
{
    private static readonly StateIndex<TitledNoteState, int> ByLength = StateIndex.OnValue<TitledNoteState, int>("length", n => n.Length);
    private readonly NotesShop _shop = new();
    private readonly HandledNotes _handled = new();

    [Fact]
    public async Task Event_that_the_older_major_parked_is_superseded_by_the_newer()
    {
        var source = await _shop.StartSourceAsync(PublishBoth);
        var target = await StartNewerAsync(r => r.FromMajor(1));
        await NotesShop.IdleAsync(source, target);
        // No title can be made of it: the upcaster throws. The source itself can.
        await NotesShop.SaveAsync(source, db => db.AddRange(new Note { Id = 1, Text = "" }, new Note { Id = 2, Text = "two" }));
        await NotesShop.UntilAsync(() => Status(target) is { Parked: 1, Keys: 1 });
        await NotesShop.StopAsync(target);

        target = await StartNewerAsync();
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(0, Status(target).Parked);
        Assert.Equal(new(1, "", 0, null), await Replica(target).GetAsync(1));
        Assert.Equal(["1 >", "2 >two"], _handled.Seen.Order());
        var counters = Status(target).Counters;
        Assert.Equal(counters.Received, counters.Applied + counters.Superseded);
        await StopAsync(target, source);
    }

    [Fact]
    public async Task Work_that_handlers_had_not_finished_is_done_once_in_the_newer_major()
    {
        var source = await _shop.StartSourceAsync(PublishBoth);
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        var target = await _shop.StartTargetAsync<NoteState>(
            configure: r => r.On<HandledNotes.Handler<NoteState>>("notes"),
            services: Record
        );
        await NotesShop.IdleAsync(source, target);
        await NotesShop.SaveAsync(source, db => db.Notes.Single().Text = "uno");
        await NotesShop.IdleAsync(source, target);
        _handled.Fails = true;
        await NotesShop.SaveAsync(source, db => db.Notes.Single().Text = "eins");
        await NotesShop.UntilAsync(() => _handled.Failed > 0);
        await NotesShop.StopAsync(target);
        _handled.Fails = false;

        target = await StartNewerAsync();
        await NotesShop.IdleAsync(source, target);
        await NotesShop.SaveAsync(source, db => db.Notes.Single().Text = "un");
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(["1 >uno", "1 uno>eins", "1 eins>un"], _handled.Seen);
        await StopAsync(target, source);
    }

    [Fact]
    public async Task Change_that_was_handled_in_the_older_major_is_not_handled_again_in_the_newer()
    {
        var source = await _shop.StartSourceAsync(PublishBoth);
        var target = await _shop.StartTargetAsync<NoteState>(
            configure: r => r.On<HandledNotes.Handler<NoteState>>("notes"),
            services: Record
        );
        await NotesShop.IdleAsync(source, target);
        await NotesShop.SaveAsync(source, db => db.AddRange(Enumerable.Range(1, 5).Select(i => new Note { Id = i, Text = $"note {i}" })));
        await NotesShop.SaveAsync(source, db => db.Remove(db.Notes.Single(n => n.Id == 5)));
        await NotesShop.IdleAsync(source, target);
        var seen = _handled.Seen.Count;
        await NotesShop.StopAsync(target);

        target = await StartNewerAsync();
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(seen, _handled.Seen.Count);
        Assert.Equal(4, _shop.Number("target.db", "SELECT count(*) FROM \"statecast_rows.e2e.note.v2\" WHERE major = 2 AND NOT deleted"));
        await StopAsync(target, source);
    }

    [Fact]
    public async Task Effect_that_ends_while_its_host_stops_is_not_had_again()
    {
        var source = await _shop.StartSourceAsync(PublishBoth);
        var target = await _shop.StartTargetAsync<NoteState>(
            configure: r => r.On<HandledNotes.Handler<NoteState>>("notes"),
            services: Record
        );
        await NotesShop.IdleAsync(source, target);
        _handled.WaitsForStop = true;
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        await NotesShop.UntilAsync(() => _handled.Waiting > 0);
        await NotesShop.StopAsync(target);
        Assert.Equal(["1 >one"], _handled.Seen);
        Assert.Equal(0, _shop.Number("target.db", "SELECT count(*) FROM statecast_replica_pending"));
        _handled.WaitsForStop = false;

        target = await StartNewerAsync();
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(["1 >one"], _handled.Seen);
        await StopAsync(target, source);
    }

    [Fact]
    public async Task Index_of_a_newer_field_finds_old_rows_and_follows_new_ones()
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.AddRange(new Note { Id = 1, Text = "one" }, new Note { Id = 2, Text = "three" }));
        var older = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.IdleAsync(source, older);
        await NotesShop.StopAsync(older);

        // The newer destination is not there yet.
        var target = await StartNewerAsync(r => r.Index(ByLength));
        await NotesShop.UntilAsync(() => Replica(target).State == ReplicaState.CatchingUp);
        Assert.Equal([1], await KeysOfLengthAsync(target, 3));
        await NotesShop.StopAsync(source);
        source = await _shop.StartSourceAsync(PublishBoth);
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 1).Text = "three");
        await NotesShop.IdleAsync(source, target);
        Assert.Empty(await KeysOfLengthAsync(target, 3));
        Assert.Equal([1, 2], await KeysOfLengthAsync(target, 5));
        await StopAsync(target, source);
    }

    [Fact]
    public async Task Target_that_goes_back_to_the_older_major_starts_it_anew_and_may_move_again()
    {
        var source = await _shop.StartSourceAsync(PublishBoth);
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        var target = await StartNewerAsync();
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);

        var older = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(source, db => db.Notes.Single().Text = "uno");
        await NotesShop.IdleAsync(source, older);
        Assert.Equal(new(1, "uno"), await older.Services.GetRequiredService<IReplica<int, NoteState>>().GetAsync(1));
        await NotesShop.StopAsync(older);

        // What it had of the newer one still stands there, and goes on from its position.
        target = await StartNewerAsync();
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(new(1, "uno", 3, null), await Replica(target).GetAsync(1));
        await StopAsync(target, source);
    }

    [Fact]
    public async Task Replica_that_no_upcaster_reaches_is_not_left_behind()
    {
        var source = await _shop.StartSourceAsync();
        await StoreOlderAsync(source);

        // A replica that began anew would forget what handlers have finished with and still have to do.
        var failure = await RefusedAsync<Forgetful.CutNoteState>();
        Assert.StartsWith("The replica 'e2e.note.v3' in ", failure, StringComparison.Ordinal);
        Assert.Contains(
            " is not begun beside 'e2e.note.v1', which it should take over: no upcaster leads from there (older versions that are read: 2). "
                + "Add 'public static … Upcast(… old)', which takes the record of version 1, to the record of version 2. ",
            failure,
            StringComparison.Ordinal
        );
        Assert.EndsWith("give it another file with InSqlite(…), or move this one away.", failure, StringComparison.Ordinal);
        Assert.Equal("e2e.note.v1", Replicas());

        // One without any upcaster has the same to lose.
        Assert.Contains("to LeanNoteState.", await RefusedAsync<LeanNoteState>(), StringComparison.Ordinal);
        var target = await _shop.StartTargetAsync<ShoutedNoteState>();
        await AnswersAsync<ShoutedNoteState>(target, new(1, "ONE"));
        Assert.Equal("e2e.note.v3", Replicas());
        await StopAsync(target, source);
    }

    [Fact]
    public async Task Replica_of_an_older_major_that_the_service_still_has_may_stand_beside()
    {
        var beside = false;
        NotesShop? made = null;
        using var shop = made = new NotesShop
        {
            Carrier = s =>
            {
                s.UseSqliteLog(made!.Log);
                if (beside)
                    s.Replica<NoteState>(r => r.InSqlite(made.File("target.db")));
            },
        };
        var source = await shop.StartSourceAsync(db =>
            db.Publish<Note, LeanNoteState>(n => new(n.Id, n.Text)).AlsoAs<NoteState>(n => new(n.Id, n.Text))
        );
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        var target = await shop.StartTargetAsync<NoteState>();
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);

        beside = true;
        target = await shop.StartTargetAsync<LeanNoteState>();
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(new(1, "one"), await target.Services.GetRequiredService<IReplica<int, LeanNoteState>>().GetAsync(1));
        Assert.Equal(new(1, "one"), await target.Services.GetRequiredService<IReplica<int, NoteState>>().GetAsync(1));
        await StopAsync(target, source);
    }

    [Fact]
    public async Task Upcaster_that_stored_states_need_may_go_once_newer_ones_replaced_them()
    {
        var source = await _shop.StartSourceAsync();
        await StoreOlderAsync(source);
        var target = await _shop.StartTargetAsync<TitledNoteState>();
        await AnswersAsync<TitledNoteState>(target, new(1, "one", 3, null));
        await NotesShop.StopAsync(target);

        const string gap =
            " keeps states of version 1, in rows or for handlers: no upcaster leads from there (older versions that are read: {0}). "
            + "Add 'public static … Upcast(… old)', which takes the record of version 1, to {1}. Keep it until newer states have replaced them all.";
        Assert.Contains(
            string.Format(null, gap, "none", "TitledNoteState"),
            await RefusedAsync<Forgetful.TitledNoteState>(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            string.Format(null, gap, "2", "the record of version 2"),
            await RefusedAsync<Forgetful.CutNoteState>(),
            StringComparison.Ordinal
        );
        Assert.Equal("e2e.note.v2", Replicas());

        await NotesShop.StopAsync(source);
        source = await _shop.StartSourceAsync(PublishBoth);
        target = await _shop.StartTargetAsync<TitledNoteState>();
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);
        target = await _shop.StartTargetAsync<Forgetful.TitledNoteState>();
        await NotesShop.IdleAsync(source, target);
        await AnswersAsync<Forgetful.TitledNoteState>(target, new(1, "one", 3, null));
        await StopAsync(target, source);
    }

    public void Dispose() => _shop.Dispose();

    private async Task StoreOlderAsync(IHost source)
    {
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        var older = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.IdleAsync(source, older);
        await NotesShop.StopAsync(older);
    }

    private async Task<string> RefusedAsync<TState>()
        where TState : class, IStateContract<TState>
    {
        var target = await _shop.StartTargetAsync<TState>();
        var status = Status(target);
        await NotesShop.UntilAsync(() => status.Failure is not null || status.WasLive);
        var failure = status.Failure;
        await NotesShop.StopAsync(target);
        return failure ?? "";
    }

    private static async Task AnswersAsync<TState>(IHost target, TState state)
        where TState : class
    {
        var replica = target.Services.GetRequiredService<IReplica<int, TState>>();
        await NotesShop.UntilAsync(() => replica.State is ReplicaState.CatchingUp or ReplicaState.Live);
        Assert.Equal(state, await replica.GetAsync(1));
    }

    private string Replicas() => _shop.Text("target.db", "SELECT group_concat(name) FROM statecast_replica");

    private static void PublishBoth(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, TitledNoteState>(n => new(n.Id, n.Text, n.Text.Length, n.Mood)).AlsoAs<NoteState>(n => new(n.Id, n.Text));

    private static ReplicaStatus Status(IHost host) => host.Services.GetRequiredService<IStatecast>().Replicas.Single();

    private static IReplica<int, TitledNoteState> Replica(IHost host) => host.Services.GetRequiredService<IReplica<int, TitledNoteState>>();

    private static async Task<List<int>> KeysOfLengthAsync(IHost host, int length) =>
        await Replica(host).QueryAsync(ByLength, length).Select(n => n.Key).Order().ToListAsync();

    private static async Task StopAsync(params IHost[] hosts)
    {
        foreach (var host in hosts)
            await NotesShop.StopAsync(host);
    }

    private Task<IHost> StartNewerAsync(Action<ReplicaBuilder<TitledNoteState>>? configure = null) =>
        _shop.StartTargetAsync<TitledNoteState>(
            configure: r =>
            {
                r.On<HandledNotes.Handler<TitledNoteState>>("notes");
                configure?.Invoke(r);
            },
            services: Record
        );

    private void Record(IServiceCollection services) => services.AddSingleton(_handled);
}

// One contract's records over time, which an application never holds together.
#pragma warning disable STC1007
/// <summary>A build of the newer majors that has forgotten the oldest.</summary>
public static partial class Forgetful
{
    /// <summary>As the other of its name, without the upcaster.</summary>
    [StateContract("e2e.note", Version = 2)]
    public sealed partial record TitledNoteState([property: StateKey] int Id, string Title, int Length, string? Mood);

    /// <summary>Made of the second alone.</summary>
    [StateContract("e2e.note", Version = 3)]
    public sealed partial record CutNoteState([property: StateKey] int Id, string Cut)
    {
        public static CutNoteState Upcast(TitledNoteState old) => new(old.Id, old.Title[..1]);
    }
}
#pragma warning restore STC1007
