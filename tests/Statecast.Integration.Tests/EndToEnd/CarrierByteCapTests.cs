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
using Statecast.Sqlite.Replicas;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>The real carriers' part in the cap that <see cref="ByteCapTests"/> shows of the target: with a backlog, none hands over more than it was asked for.</summary>
public sealed class CarrierByteCapTests
{
    private const int Notes = 400;
    private const int BodyBytes = 20_000;
    private const int BatchBytes = 200_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory, InlineData(true), InlineData(false)]
    public async Task Backlog_is_handed_over_under_the_cap(bool inProcess)
    {
        using var shop = new NotesShop();
        await using var store = new LateStore(new SqliteReplicaStore(shop.File("replica.db")));
        using var host = Build(shop, store, inProcess);
        using (var scope = host.Services.CreateScope())
            await scope.ServiceProvider.GetRequiredService<NotesDb>().Database.EnsureCreatedAsync(Ct);
        var text = new string('x', BodyBytes / 2);
        await NotesShop.SaveAsync(host, db => db.AddRange(Enumerable.Range(1, Notes).Select(i => new Note { Id = i, Text = text })));
        await host.StartAsync(Ct);
        // All of it stands in the log before the target begins.
        await NotesShop.UntilAsync(() => shop.Number("notes.db", "SELECT count(*) FROM statecast_outbox") == 0);
        store.Release();

        var status = host.Services.GetRequiredService<IStatecast>().Replicas.Single();
        await NotesShop.UntilAsync(() => status.Keys == Notes && status.BytesInFlight == 0);
        // A full batch was in flight, with room for one more body; and nothing above what the options allow.
        Assert.InRange(status.PeakBytesInFlight, BatchBytes - BodyBytes, BatchBytes);
        await NotesShop.StopAsync(host);
    }

    private static IHost Build(NotesShop shop, LateStore store, bool inProcess)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = shop.HeartbeatInterval;
        builder.Services.AddDbContext<NotesDb>(o =>
            o.UseSqlite($"Data Source={shop.Database}").ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        builder.Services.AddStatecast(
            "notes",
            s =>
                (inProcess ? s.UseInProcess().UseSqliteDatabase() : s.UseSqliteLog(shop.Log))
                    .Configure(o =>
                        (o.Target.MaxBodyBytes, o.Target.MaxBatchBytes, o.Target.MaxBytesInFlight) = (BodyBytes, BatchBytes, BatchBytes)
                    )
                    .FromDbContext<NotesDb>(db => db.Publish<Note, NoteState>(n => new(n.Id, n.Text)))
                    .Replica<NoteState>(r => r.In(_ => store))
        );
        return builder.Build();
    }

    /// <summary>A store on disk, which keeps bytes, that cannot be opened before it is released.</summary>
    private sealed class LateStore(IReplicaStore inner) : IReplicaStore
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReplicaInbox Inbox => inner.Inbox;

        public void Release() => _released.SetResult();

        public async ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct)
        {
            await _released.Task.WaitAsync(ct);
            return await inner.OpenAsync(layout, ct);
        }

        public ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct) => inner.BeginAsync(keys, ct);

        public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct) => inner.FindAsync(key, ct);

        public IAsyncEnumerable<ReplicaRow> EnumerateAsync(CancellationToken ct) => inner.EnumerateAsync(ct);

        public IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, CancellationToken ct) =>
            inner.QueryAsync(index, value, ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
