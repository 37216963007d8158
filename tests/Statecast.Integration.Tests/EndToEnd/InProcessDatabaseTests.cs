using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Consuming;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Sqlite;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>A database as source of the in-process carrier: the outbox stands behind, the object goes along, and a restart loses nothing though the log is in memory.</summary>
public sealed class InProcessDatabaseTests : IDisposable
{
    private readonly NotesShop _shop = new();
    private NoteState? _mapped;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task Captured_object_itself_reaches_replica_and_handler()
    {
        using var host = await StartAsync(r => r.InMemory().On<LastNote>());
        await UntilLiveAsync(host);
        await NotesShop.SaveAsync(host, db => db.Add(new Note { Id = 1, Text = "a" }));
        await IdleAsync(host);
        Assert.NotNull(_mapped);
        Assert.Same(_mapped, await Replica(host).GetAsync(1, ct: Ct));
        Assert.Same(_mapped, host.Services.GetRequiredService<LastNotes>().Last);
        await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task State_of_a_save_that_was_rolled_back_is_never_handed_along()
    {
        using var host = await StartAsync(r => r.InMemory());
        await UntilLiveAsync(host);
        using (var scope = host.Services.CreateScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<NotesDb>();
            await using var transaction = await db.Database.BeginTransactionAsync(Ct);
            db.Add(new Note { Id = 1, Text = "lost" });
            await db.SaveChangesAsync(Ct);
            await transaction.RollbackAsync(Ct);
        }
        var lost = _mapped;
        await NotesShop.SaveAsync(host, db => db.Add(new Note { Id = 1, Text = "kept" }));
        await IdleAsync(host);
        Assert.Equal("lost", lost!.Text);
        Assert.Equal("kept", (await Replica(host).GetAsync(1, ct: Ct))!.Text);
        await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Restart_fills_the_empty_log_before_the_replica_is_live()
    {
        const int notes = 300;
        for (var life = 1; life <= 3; life++)
        {
            // Slow enough that a replica which did not wait would be seen to be incomplete.
            using var host = await StartAsync(r => r.InMemory(), o => (o.Republish.ChunkSize, o.Republish.KeysPerSecond) = (20, 2_000));
            if (life == 1)
                await NotesShop.SaveAsync(
                    host,
                    db => db.AddRange(Enumerable.Range(1, notes).Select(i => new Note { Id = i, Text = $"{i}" }))
                );
            await UntilLiveAsync(host);
            var held = await Replica(host).EnumerateAsync(ct: Ct).Select(p => p.Key).ToListAsync(Ct);
            // Whatever was there when this life began is there when it is live.
            if (life > 1)
                Assert.Equal(notes - life + 1, held.Count);
            await IdleAsync(host);
            await NotesShop.SaveAsync(host, db => db.Remove(db.Notes.OrderBy(n => n.Id).First()));
            await IdleAsync(host);
            Assert.Equal(notes - life, (await Replica(host).EnumerateAsync(ct: Ct).ToListAsync(Ct)).Count);
            await NotesShop.StopAsync(host);
        }
    }

    [Fact]
    public async Task What_waited_in_the_outbox_is_decoded_after_a_restart()
    {
        using (var first = await StartAsync(r => r.InMemory()))
        {
            await UntilLiveAsync(first);
            await NotesShop.StopAsync(first);
        }
        // Captured, but nothing sends: the process ends with the object.
        using (var second = await BuildAsync(r => r.InMemory()))
            await NotesShop.SaveAsync(second, db => db.Add(new Note { Id = 1, Text = "waited" }));
        var captured = _mapped;
        using var third = await StartAsync(r => r.InMemory());
        await UntilLiveAsync(third);
        await IdleAsync(third);
        var read = await Replica(third).GetAsync(1, ct: Ct);
        Assert.NotSame(captured, read);
        Assert.Equal(captured, read);
        Assert.Same(read, await Replica(third).GetAsync(1, ct: Ct));
        await NotesShop.StopAsync(third);
    }

    [Fact]
    public async Task Replica_file_is_right_again_after_a_restart_deletes_too()
    {
        var file = _shop.File("replica.db");
        using (var first = await StartAsync(r => r.InSqlite(file)))
        {
            await NotesShop.SaveAsync(first, db => db.AddRange(new Note { Id = 1, Text = "a" }, new Note { Id = 2, Text = "b" }));
            await UntilLiveAsync(first);
            await IdleAsync(first);
            await NotesShop.StopAsync(first);
        }
        using (var second = await BuildAsync(r => r.InSqlite(file)))
            await NotesShop.SaveAsync(second, db => db.Remove(db.Notes.Single(n => n.Id == 1)));
        using var third = await StartAsync(r => r.InSqlite(file));
        await NotesShop.UntilAsync(() => Status(third).State == ReplicaState.Live);
        await IdleAsync(third);
        Assert.Null(await Replica(third).GetAsync(1, ct: Ct));
        Assert.Equal("b", (await Replica(third).GetAsync(2, ct: Ct))?.Text);
        await NotesShop.StopAsync(third);
    }

    private static ReplicaStatus Status(IHost host) => host.Services.GetRequiredService<IStatecast>().Replicas.Single();

    private static IReplica<int, NoteState> Replica(IHost host) => host.Services.GetRequiredService<IReplica<int, NoteState>>();

    private static Task UntilLiveAsync(IHost host) => NotesShop.UntilAsync(() => Status(host).WasLive);

    private static Task IdleAsync(IHost host) => NotesShop.IdleAsync(host, host);

    private async Task<IHost> StartAsync(Action<ReplicaBuilder<NoteState>> replica, Action<StatecastOptions>? options = null)
    {
        var host = await BuildAsync(replica, options);
        await host.StartAsync(Ct);
        return host;
    }

    private async Task<IHost> BuildAsync(Action<ReplicaBuilder<NoteState>> replica, Action<StatecastOptions>? options = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = "00:00:00.050";
        builder.Services.AddSingleton<LastNotes>();
        builder.Services.AddDbContext<NotesDb>(o =>
            o.UseSqlite($"Data Source={_shop.Database}").ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        builder.Services.AddStatecast(
            "notes",
            s =>
                s.UseInProcess()
                    .UseSqliteDatabase()
                    .Configure(o => options?.Invoke(o))
                    .FromDbContext<NotesDb>(db => db.Publish<Note, NoteState>(n => Mapped(new(n.Id, n.Text))))
                    .Replica(replica)
        );
        var host = builder.Build();
        using (var scope = host.Services.CreateScope())
            await scope.ServiceProvider.GetRequiredService<NotesDb>().Database.EnsureCreatedAsync(Ct);
        return host;
    }

    private NoteState Mapped(NoteState state) => _mapped = state;

    private sealed class LastNotes
    {
        public NoteState? Last { get; set; }
    }

    private sealed class LastNote(LastNotes notes) : IStateHandler<NoteState>
    {
        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct)
        {
            notes.Last = change.Current;
            return Task.CompletedTask;
        }
    }
}
