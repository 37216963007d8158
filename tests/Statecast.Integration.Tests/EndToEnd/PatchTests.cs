using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Publishing;
using Statecast.RabbitMQ;
using Statecast.Replicas;
using Statecast.Sqlite;
using Statecast.Transport;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

[StateContract("e2e.page", Patches = true)]
public sealed partial record PageState([property: StateKey] int Id, string Text, string? Mood);

/// <summary>A publication with patches from a database to a replica, over the in-process carrier.</summary>
public sealed class PatchTests : IDisposable
{
    private static readonly string Long = new('x', 500);
    private readonly NotesShop _shop = new();
    private readonly Counts _counts = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _counts.Dispose();
        _shop.Dispose();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Changes_travel_as_patches_and_handlers_hear_whole_states(bool file)
    {
        using var host = await StartAsync(r => Keep(r, file).On<Heard>());
        // Before that handlers are not told.
        await NotesShop.UntilAsync(() => Status(host).WasLive);
        await SaveAsync(host, db => db.Add(new Note { Id = 1, Text = Long }));
        // A handler that has not come to a change yet hears only of what followed it.
        await IdleAsync(host);
        foreach (var mood in new[] { "one", "two", "three" })
        {
            await SaveAsync(host, db => db.Notes.Single().Mood = mood);
            await IdleAsync(host);
            Assert.Equal(new PageState(1, Long, mood), await Replica(host).GetAsync(1, ct: Ct));
        }
        Assert.Equal([null, "one", "two", "three"], host.Services.GetRequiredService<Moods>().Current);
        Assert.Equal([null, null, "one", "two"], host.Services.GetRequiredService<Moods>().Previous);
        Assert.Equal(["Upsert 1", "Patch 2", "Patch 3", "Patch 4"], await LogAsync(host));
        Assert.Equal((0, 0), (_counts.Asked, _counts.Misfit));
        Assert.Equal(4, Status(host).Counters.Received);
        await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Full_state_takes_the_place_of_all_patches_before_it_in_the_log()
    {
        using var host = await StartAsync(r => r.InMemory(), patches: p => p.MaxPatches = 2);
        await SaveAsync(host, db => db.Add(new Note { Id = 1, Text = Long }));
        await IdleAsync(host);
        for (var i = 0; i < 4; i++)
        {
            await SaveAsync(host, db => db.Notes.Single().Mood = $"{i}");
            await IdleAsync(host);
        }
        Assert.Equal(["Upsert 4", "Patch 5"], await LogAsync(host));
        await SaveAsync(host, db => db.Remove(db.Notes.Single()));
        await IdleAsync(host);
        Assert.Equal(["Delete 6"], await LogAsync(host));
        Assert.Null(await Replica(host).GetAsync(1, ct: Ct));
        await NotesShop.StopAsync(host);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Patch_from_before_a_restart_meets_its_base_or_the_full_state_is_asked_for(bool file)
    {
        using (var first = await StartAsync(r => Keep(r, file)))
        {
            await SaveAsync(first, db => db.Add(new Note { Id = 1, Text = Long }));
            await IdleAsync(first);
            await NotesShop.StopAsync(first);
        }
        // Captured, but nothing sends.
        using (var second = await BuildAsync(r => Keep(r, file)))
            await SaveAsync(second, db => db.Notes.Single().Mood = "waited");
        Assert.Equal((long)StateOperation.Patch, _shop.Number("notes.db", "SELECT operation FROM statecast_outbox"));
        using var third = await StartAsync(r => Keep(r, file));
        await NotesShop.UntilAsync(() => Status(third).State == ReplicaState.Live);
        await IdleAsync(third);

        Assert.Equal(new PageState(1, Long, "waited"), await Replica(third).GetAsync(1, ct: Ct));
        Assert.Equal(default, Status(third).Waiting);
        Assert.True(Status(third).Freshness.IsKnown);
        await NotesShop.StopAsync(third);
    }

    [Fact]
    public async Task State_that_is_not_the_sources_is_found_by_the_next_patch_and_mended()
    {
        using var host = await StartAsync(r => Keep(r, file: true));
        await SaveAsync(host, db => db.Add(new Note { Id = 1, Text = Long }));
        await NotesShop.UntilAsync(() => Status(host).WasLive);
        await IdleAsync(host);
        _shop.Change(
            "replica.db",
            "UPDATE \"statecast_rows.e2e.page.v1\" SET body = cast(replace(cast(body AS text), 'xx', 'yy') AS blob)"
        );
        Assert.NotEqual(Long, (await Replica(host).GetAsync(1, ct: Ct))!.Text);

        await SaveAsync(host, db => db.Notes.Single().Mood = "found");
        await IdleAsync(host);
        Assert.Equal(new PageState(1, Long, "found"), await Replica(host).GetAsync(1, ct: Ct));
        Assert.Equal((1, 1), (_counts.Asked, _counts.Misfit));
        // The patch and its answer: none is unaccounted for.
        var sums = Status(host).Counters;
        Assert.Equal(sums.Received, sums.Applied + sums.Superseded);
        await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Patches_over_a_log_that_keeps_a_keys_last_record_alone_are_refused_at_start()
    {
        using var source = await _shop.BuildSourceAsync(db => db.Publish<Note, PageState>(n => new(n.Id, n.Text, n.Mood)).Patches());
        var error = await Assert.ThrowsAsync<SourceException>(() => source.StartAsync(Ct));
        Assert.Contains("'sqlite'", error.Message);
        Assert.Contains("last record", error.Message);
        Assert.Contains("with Via: the in-process one or RabbitMQ, of which this service has none", error.Message);
    }

    [Fact]
    public async Task Refusal_of_patches_names_the_services_own_carriers_that_take_them()
    {
        using var shop = new NotesShop
        {
            Carrier = s => s.UseSqliteLog(_shop.File("log")).UseInProcess().UseRabbitMQ("amqp://localhost:1"),
        };
        // Refused before any carrier is asked: no broker is there.
        using var source = await shop.BuildSourceAsync(db => db.Publish<Note, PageState>(n => new(n.Id, n.Text, n.Mood)).Patches());
        var error = await Assert.ThrowsAsync<SourceException>(() => source.StartAsync(Ct));
        Assert.Contains("with Via: 'in-process', 'rabbitmq'.", error.Message);
    }

    private ReplicaBuilder<PageState> Keep(ReplicaBuilder<PageState> replica, bool file) =>
        file ? replica.InSqlite(_shop.File("replica.db")) : replica.InMemory();

    private static Task SaveAsync(IHost host, Action<NotesDb> change) => NotesShop.SaveAsync(host, change);

    private static ReplicaStatus Status(IHost host) => host.Services.GetRequiredService<IStatecast>().Replicas.Single();

    private static IReplica<int, PageState> Replica(IHost host) => host.Services.GetRequiredService<IReplica<int, PageState>>();

    private static Task IdleAsync(IHost host) => NotesShop.IdleAsync(host, host);

    /// <summary>What a late reader finds.</summary>
    private static async Task<IReadOnlyList<string>> LogAsync(IHost host)
    {
        var carrier = host.Services.GetRequiredService<CarrierDirectory>().All.Single();
        await using var receiver = await carrier.OpenReceiverAsync(
            new ReceiverOptions("late", null, StateContract.Of<PageState>()) { TakesObjects = true },
            Ct
        );
        var opened = await receiver.ReceiveAsync(10, Ct);
        foreach (var lane in opened.Opened)
            await receiver.SeekAsync(lane.Lane, 0, Ct);
        var read = await receiver.ReceiveAsync(100, Ct);
        return [.. read.Batches.SelectMany(b => b.Events).Select(e => $"{e.Event!.Operation} {e.Event.Revision.Number}")];
    }

    private async Task<IHost> StartAsync(Action<ReplicaBuilder<PageState>> replica, Action<PatchOptions>? patches = null)
    {
        var host = await BuildAsync(replica, patches);
        await host.StartAsync(Ct);
        return host;
    }

    private async Task<IHost> BuildAsync(Action<ReplicaBuilder<PageState>> replica, Action<PatchOptions>? patches = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = "00:00:00.050";
        builder.Services.AddSingleton<Moods>();
        builder.Services.AddDbContext<NotesDb>(o =>
            o.UseSqlite($"Data Source={_shop.Database}").ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        builder.Services.AddStatecast(
            "pages",
            s =>
                s.UseInProcess()
                    .UseSqliteDatabase()
                    .FromDbContext<NotesDb>(db => db.Publish<Note, PageState>(n => new(n.Id, n.Text, n.Mood)).Patches(patches))
                    .Replica(replica)
        );
        var host = builder.Build();
        using (var scope = host.Services.CreateScope())
            await scope.ServiceProvider.GetRequiredService<NotesDb>().Database.EnsureCreatedAsync(Ct);
        return host;
    }

    private sealed class Moods
    {
        public List<string?> Current { get; } = [];

        public List<string?> Previous { get; } = [];
    }

    private sealed class Heard(Moods moods) : IStateHandler<PageState>
    {
        public Task HandleAsync(StateChange<PageState> change, CancellationToken ct)
        {
            Assert.Equal(Long, change.Current!.Text);
            moods.Current.Add(change.Current.Mood);
            moods.Previous.Add(change.Previous?.Mood);
            return Task.CompletedTask;
        }
    }

    /// <summary>What the meter says of this replica.</summary>
    private sealed class Counts : IDisposable
    {
        private static readonly KeyValuePair<string, object?> Replica = new("messaging.destination.name", "e2e.page.v1");
        private readonly MeterListener _listener = new();
        private long _asked;
        private long _misfit;

        public Counts()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Statecast")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>(
                (instrument, value, tags, _) =>
                {
                    // Tests of other contracts run beside this one.
                    if (!tags.Contains(Replica))
                        return;
                    if (instrument.Name == "statecast.patches.asked")
                        Interlocked.Add(ref _asked, value);
                    else if (instrument.Name == "statecast.patches.misfit")
                        Interlocked.Add(ref _misfit, value);
                }
            );
            _listener.Start();
        }

        public long Asked => Interlocked.Read(ref _asked);

        public long Misfit => Interlocked.Read(ref _misfit);

        public void Dispose() => _listener.Dispose();
    }
}
