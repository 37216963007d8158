using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.Explicit;

/// <summary>A source without EF Core, over the log to a replica.</summary>
public sealed class ConnectionSourceTests : IDisposable
{
    private readonly Depot _depot = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _depot.Dispose();

    [Fact]
    public async Task Rows_from_before_and_changes_reach_a_replica()
    {
        using (var before = _depot.Open())
            before.Execute(
                "INSERT INTO parcel SELECT value, 'old', value FROM generate_series(1, 450)".Replace(
                    "generate_series(1, 450)",
                    Series,
                    StringComparison.Ordinal
                )
            );
        using var source = await _depot.StartAsync();
        using var target = await _depot.StartTargetAsync();
        var replica = target.Services.GetRequiredService<IReplica<long, ParcelState>>();
        await NotesShop.IdleAsync(source, target);
        Assert.Equal(450, (await replica.EnumerateAsync(ct: Ct).ToListAsync(Ct)).Count);

        using var connection = _depot.Open();
        await using (var transaction = await connection.BeginTransactionAsync(Ct))
        {
            await connection.ExecuteAsync(
                "UPDATE parcel SET place = 'new' WHERE id = 1; DELETE FROM parcel WHERE id = 2",
                transaction: transaction
            );
            var publisher = source.Services.GetRequiredService<IStatePublisher>();
            var token = await publisher.PublishAsync(transaction, new ParcelState(1, "new", 1), ct: Ct);
            var gone = await publisher.DeleteAsync<ParcelState>(transaction, 2L, ct: Ct);
            await transaction.CommitAsync(Ct);
            Assert.Equal("new", (await replica.GetAsync(1, token, ct: Ct))?.Place);
            Assert.Null(await replica.GetAsync(2, gone, ct: Ct));
        }

        // What nobody told of is found by a republish.
        await connection.ExecuteAsync("UPDATE parcel SET place = 'behind our back' WHERE id = 3; DELETE FROM parcel WHERE id = 4");
        await source.Services.GetRequiredService<IStatecast>().RepublishAsync("depot.parcel", ct: Ct);
        await NotesShop.IdleAsync(source, target);
        Assert.Equal("behind our back", (await replica.GetAsync(3, ct: Ct))?.Place);
        Assert.Null(await replica.GetAsync(4, ct: Ct));
        await NotesShop.StopAsync(source);
        await NotesShop.StopAsync(target);
    }

    [Fact]
    public async Task Missing_tables_stop_the_start_and_say_how_to_make_them()
    {
        _depot.Open().Dispose();
        using var host = _depot.Build(db => db.Publish(new ParcelRows()));
        var error = await Assert.ThrowsAsync<SourceException>(() => host.StartAsync(Ct));
        Assert.Contains("MakeTables", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_adapter_stops_the_start_and_is_named()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddStatecast(
            "depot",
            s =>
                s.AddTransport("none", _ => new Capture.NoTransport("none"))
                    .FromConnection("depot", _ => new SqliteConnection("Data Source=:memory:"), db => db.Publish(new ParcelRows()))
        );
        using var host = builder.Build();
        var error = await Assert.ThrowsAsync<SourceException>(() => host.StartAsync(Ct));
        Assert.Contains("UseSqliteDatabase", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Declarations_that_cannot_be_are_refused_at_once()
    {
        Assert.Throws<InvalidOperationException>(() => _depot.Build(db => db.Publish(new ParcelRows()).Publish(new ParcelRows())));
        var key = Assert.Throws<InvalidOperationException>(() => _depot.Build(db => db.Publish(new WrongKey())));
        Assert.Contains("[StateKey]", key.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_that_break_their_word_are_named_in_the_log_and_do_not_end_the_host()
    {
        var endless = await Assert.ThrowsAsync<SourceException>(async () => await RepublishAsync(new Endless()));
        Assert.Contains("NextKeysAsync", endless.Message, StringComparison.Ordinal);
        var foreign = await Assert.ThrowsAsync<SourceException>(async () => await RepublishAsync(new Foreign()));
        Assert.Contains("FindAsync", foreign.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_that_cannot_be_published_is_withheld_once_and_tried_again_at_rest()
    {
        using var depot = new Depot();
        depot.Open().Dispose();
        var rows = new Unpublishable();
        using var host = depot.Build(db => db.Publish(rows).MakeTables());
        var source = host.Services.GetServices<ConnectionSource>().Single();
        await source.PrepareAsync(Ct);
        var worked = Task.Run(
            async () =>
            {
                while ((await source.RepublishChunkAsync(10, Ct)).Worked) { }
            },
            Ct
        );
        await worked.WaitAsync(TimeSpan.FromSeconds(20), Ct);
        Assert.Equal(1, (await source.CountRepublishAsync(Ct)).Withheld);
        var tries = rows.Found;
        Assert.Equal(0, (await source.RepublishChunkAsync(10, Ct)).Keys);
        // The next try is due in half a minute.
        Assert.Equal(tries, rows.Found);
    }

    private const string Series =
        "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 450) SELECT value FROM n)";

    private async Task RepublishAsync(IStateRows<long, ParcelState> rows)
    {
        using var depot = new Depot();
        depot.Open().Dispose();
        using var host = depot.Build(db => db.Publish(rows).MakeTables());
        var source = host.Services.GetServices<ConnectionSource>().Single();
        await source.PrepareAsync(Ct);
        while ((await source.RepublishChunkAsync(10, Ct)).Worked) { }
    }

    private sealed class WrongKey : IStateRows<int, ParcelState>
    {
        public ValueTask<IReadOnlyList<ParcelState>> FindAsync(DbTransaction transaction, IReadOnlyList<int> keys, CancellationToken ct) =>
            new([]);

        public ValueTask<IReadOnlyList<int>> NextKeysAsync(DbTransaction transaction, KeyPage<int> page, CancellationToken ct) => new([]);
    }

    private sealed class Endless : IStateRows<long, ParcelState>
    {
        public ValueTask<IReadOnlyList<ParcelState>> FindAsync(DbTransaction transaction, IReadOnlyList<long> keys, CancellationToken ct) =>
            new([.. keys.Select(k => new ParcelState(k, "", 1))]);

        public ValueTask<IReadOnlyList<long>> NextKeysAsync(DbTransaction transaction, KeyPage<long> page, CancellationToken ct) =>
            new([.. Enumerable.Range(0, page.Limit).Select(i => (long)i)]);
    }

    private sealed class Unpublishable : IStateRows<long, ParcelState>
    {
        public int Found { get; private set; }

        public ValueTask<IReadOnlyList<ParcelState>> FindAsync(DbTransaction transaction, IReadOnlyList<long> keys, CancellationToken ct)
        {
            Found += keys.Count;
            return new([.. keys.Select(k => new ParcelState(k, "\ud800", 1))]);
        }

        public ValueTask<IReadOnlyList<long>> NextKeysAsync(DbTransaction transaction, KeyPage<long> page, CancellationToken ct) =>
            new(page.First ? [1] : []);
    }

    private sealed class Foreign : IStateRows<long, ParcelState>
    {
        public ValueTask<IReadOnlyList<ParcelState>> FindAsync(DbTransaction transaction, IReadOnlyList<long> keys, CancellationToken ct) =>
            new([new ParcelState(-1, "", 1)]);

        public ValueTask<IReadOnlyList<long>> NextKeysAsync(DbTransaction transaction, KeyPage<long> page, CancellationToken ct) =>
            new(page.First ? [1] : []);
    }
}
