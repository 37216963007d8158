using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Replicas;
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

    public void Dispose() => _shop.Dispose();

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
