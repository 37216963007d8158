using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Sqlite;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>Two majors of one contract where something goes wrong at the source, and over the carrier that hands objects along.</summary>
public sealed class MajorsInTroubleTests : IDisposable
{
    private readonly NotesShop _shop = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Source_that_goes_back_takes_both_majors_back()
    {
        var source = await _shop.StartSourceAsync(PublishBoth);
        var older = await _shop.StartTargetAsync<NoteState>("older.db");
        var newer = await _shop.StartTargetAsync<TitledNoteState>("newer.db");
        await NotesShop.SaveAsync(source, db => db.AddRange(Enumerable.Range(1, 9).Select(i => new Note { Id = i, Text = "kept" })));
        await IdleAsync(source, older, newer);
        using (var live = Open("notes.db"))
        using (var copy = Open("copy.db"))
            live.BackupDatabase(copy);
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 1).Text = "lost");
        await NotesShop.SaveAsync(source, db => db.Remove(db.Notes.Single(n => n.Id == 2)));
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 10, Text = "lost" }));
        await IdleAsync(source, older, newer);
        await NotesShop.StopAsync(source);
        SqliteConnection.ClearAllPools();
        foreach (var file in Directory.GetFiles(_shop.Folder, "notes.db*"))
            File.Delete(file);
        File.Copy(_shop.File("copy.db"), _shop.Database);

        source = await _shop.StartSourceAsync(PublishBoth);
        await IdleAsync(source, older, newer);
        foreach (var target in new[] { older, newer })
        {
            await NotesShop.UntilAsync(() => Status(target).WentBack is { Count: 3 });
            Assert.Equal(["1", "10", "2"], Status(target).WentBack!.First.Order(StringComparer.Ordinal));
        }
        Assert.Equal(9, await Replica<NoteState>(older).EnumerateAsync(ct: Ct).CountAsync(n => n.Value.Text == "kept", Ct));
        Assert.Equal(9, await Replica<TitledNoteState>(newer).EnumerateAsync(ct: Ct).CountAsync(n => n.Value.Title == "kept", Ct));
        Assert.Equal(Revisions("older.db", "e2e.note.v1"), Revisions("newer.db", "e2e.note.v2"));
        await StopAsync(newer, older, source);
    }

    [Fact]
    public async Task Target_that_moves_while_its_source_goes_back_reports_what_was_lost_and_no_more()
    {
        var source = await _shop.StartSourceAsync(PublishBoth);
        var target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(source, db => db.AddRange(Enumerable.Range(1, 9).Select(i => new Note { Id = i, Text = "kept" })));
        await IdleAsync(source, target);
        using (var live = Open("notes.db"))
        using (var copy = Open("copy.db"))
            live.BackupDatabase(copy);
        await NotesShop.SaveAsync(source, db => db.Notes.Single(n => n.Id == 1).Text = "lost");
        await IdleAsync(source, target);
        await StopAsync(target, source);
        SqliteConnection.ClearAllPools();
        foreach (var file in Directory.GetFiles(_shop.Folder, "notes.db*"))
            File.Delete(file);
        File.Copy(_shop.File("copy.db"), _shop.Database);

        source = await _shop.StartSourceAsync(PublishBoth);
        target = await _shop.StartTargetAsync<TitledNoteState>();
        await IdleAsync(source, target);
        // The other eight are the same states, in another major under another epoch.
        await NotesShop.UntilAsync(() => Status(target).WentBack is not null);
        Assert.Equal(["1"], Status(target).WentBack!.First);
        Assert.Equal(9, await Replica<TitledNoteState>(target).EnumerateAsync(ct: Ct).CountAsync(n => n.Value.Title == "kept", Ct));
        await StopAsync(target, source);
    }

    [Fact]
    public async Task Row_that_only_the_older_major_cannot_show_is_withheld_from_both()
    {
        using (var never = await _shop.BuildSourceAsync())
        {
            using var scope = never.Services.CreateScope();
            var db = scope.ServiceProvider.GetRequiredService<NotesDb>();
            // As before Statecast was added: past the save.
            foreach (var text in (string[])["good", "bad"])
                await db.Database.ExecuteSqlAsync($"INSERT INTO Notes (Text) VALUES ({text}) /* statecast:allow */", Ct);
        }
        var source = await _shop.StartSourceAsync(db =>
            db.Publish<Note, TitledNoteState>(n => new(n.Id, n.Text, n.Text.Length, null))
                .AlsoAs<NoteState>(n => n.Text == "bad" ? throw new InvalidOperationException("planted") : new(n.Id, n.Text))
        );
        var older = await _shop.StartTargetAsync<NoteState>("older.db");
        var newer = await _shop.StartTargetAsync<TitledNoteState>("newer.db");
        await NotesShop.UntilAsync(() => source.Services.GetRequiredService<IStatecast>().Republishing.Any(r => r.Withheld == 1));
        await NotesShop.UntilAsync(() => Status(older).Keys == 1 && Status(newer).Keys == 1);
        // Both have one revision: what one cannot be said in is said in none, and neither replica takes it for absent.
        await Task.Delay(TimeSpan.FromSeconds(1), Ct);
        await Assert.ThrowsAsync<ReplicaNotReadyException>(async () => await Replica<NoteState>(older).GetAsync(2, ct: Ct));
        await Assert.ThrowsAsync<ReplicaNotReadyException>(async () => await Replica<TitledNoteState>(newer).GetAsync(2, ct: Ct));
        await StopAsync(newer, older, source);
    }

    [Fact]
    public async Task Object_of_the_older_record_is_upcast_where_objects_are_handed_along()
    {
        var handled = new HandledNotes();
        // The source first writes the older only; then both; then the newer only, which the replica then reads.
        foreach (
            var (life, publish, from) in new (int, Action<EfSourceBuilder<NotesDb>>, int?)[]
            {
                (1, db => db.Publish<Note, NoteState>(n => new(n.Id, n.Text)), 1),
                (2, PublishBoth, 1),
                (3, PublishBoth, null),
                (4, db => db.Publish<Note, TitledNoteState>(n => new(n.Id, n.Text, n.Text.Length, n.Mood)), null),
            }
        )
        {
            using var host = await StartInProcessAsync(publish, from, handled);
            await NotesShop.UntilAsync(() => Status(host).WasLive);
            var replica = Replica<TitledNoteState>(host);
            Assert.Equal(life - 1, await replica.EnumerateAsync(ct: Ct).CountAsync(Ct));
            handled.Seen.Clear();
            await NotesShop.SaveAsync(host, db => db.Add(new Note { Id = life, Text = $"note {life}" }));
            await NotesShop.IdleAsync(host, host);
            var read = await replica.GetAsync(life, ct: Ct);
            Assert.Equal(new(life, $"note {life}", 6, null), read);
            // Upcast once, when it came.
            Assert.Same(read, await replica.GetAsync(life, ct: Ct));
            Assert.Equal([$"{life} >note {life}"], handled.Seen);
            await NotesShop.StopAsync(host);
        }
    }

    public void Dispose() => _shop.Dispose();

    private static void PublishBoth(EfSourceBuilder<NotesDb> db) =>
        db.Publish<Note, TitledNoteState>(n => new(n.Id, n.Text, n.Text.Length, n.Mood)).AlsoAs<NoteState>(n => new(n.Id, n.Text));

    private static ReplicaStatus Status(IHost host) => host.Services.GetRequiredService<IStatecast>().Replicas.Single();

    private static IReplica<int, TState> Replica<TState>(IHost host)
        where TState : class => host.Services.GetRequiredService<IReplica<int, TState>>();

    private static async Task IdleAsync(IHost source, params IHost[] targets)
    {
        foreach (var target in targets)
            await NotesShop.IdleAsync(source, target);
    }

    private static async Task StopAsync(params IHost[] hosts)
    {
        foreach (var host in hosts)
            await NotesShop.StopAsync(host);
    }

    private async Task<IHost> StartInProcessAsync(Action<EfSourceBuilder<NotesDb>> publish, int? from, HandledNotes handled)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = "00:00:00.050";
        builder.Services.AddSingleton(handled);
        builder.Services.AddDbContext<NotesDb>(o =>
            o.UseSqlite($"Data Source={_shop.Database}").ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        builder.Services.AddStatecast(
            "notes",
            s =>
                s.UseInProcess()
                    .UseSqliteDatabase()
                    .FromDbContext(publish)
                    .Replica<TitledNoteState>(r =>
                    {
                        r.InMemory().On<HandledNotes.Handler<TitledNoteState>>("notes");
                        if (from is { } major)
                            r.FromMajor(major);
                    })
        );
        var host = builder.Build();
        using (var scope = host.Services.CreateScope())
            await scope.ServiceProvider.GetRequiredService<NotesDb>().Database.EnsureCreatedAsync(Ct);
        await host.StartAsync(Ct);
        return host;
    }

    private SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection($"Data Source={_shop.File(file)};Pooling=False");
        connection.Open();
        return connection;
    }

    private string Revisions(string file, string replica) =>
        _shop.Text(
            file,
            $"SELECT group_concat(key || ':' || epoch || ':' || revision || iif(deleted, 'x', ''), ' ' ORDER BY key) FROM \"statecast_rows.{replica}\""
        );
}
