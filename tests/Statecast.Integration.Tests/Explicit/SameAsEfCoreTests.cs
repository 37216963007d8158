using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Explicit;

/// <summary>One application saves by EF Core, the other by Dapper: heads and outbox hold the same.</summary>
public sealed class SameAsEfCoreTests : IDisposable
{
    private const string Heads =
        "SELECT contract, key, bucket, revision, deleted, hex(schema), hex(content) FROM statecast_head ORDER BY key";
    private const string Rows =
        "SELECT carrier, destination, lane, contract, key, revision, operation, causes, codec, hex(schema), hex(content), CAST(body AS TEXT), keep_each FROM statecast_outbox ORDER BY sequence";

    private readonly Depot _depot = new();
    private readonly TempDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _depot.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Same_changes_make_the_same_heads_and_rows()
    {
        using var byEf = await PreparedAsync(EfHost());
        await SaveAsync(
            byEf,
            "ParcelTaken",
            db =>
                db.Add(
                    new Parcel
                    {
                        Id = 1,
                        Place = "here",
                        Grams = 5,
                    }
                )
        );
        await SaveAsync(byEf, null, db => db.Parcels.Single().Grams = 6);
        await SaveAsync(byEf, "ParcelHandedOver", db => db.Remove(db.Parcels.Single()));
        await SaveAsync(
            byEf,
            null,
            db =>
                db.Add(
                    new Parcel
                    {
                        Id = 1,
                        Place = "back",
                        Grams = 6,
                    }
                )
        );

        _depot.Open().Dispose();
        using var byDapper = await PreparedAsync(_depot.Build(db => db.Publish(_depot.Rows).MakeTables()));
        await WriteAsync(byDapper, StateWrite.Upsert(new ParcelState(1, "here", 5), "ParcelTaken"));
        await WriteAsync(byDapper, StateWrite.Upsert(new ParcelState(1, "here", 6)));
        await WriteAsync(byDapper, StateWrite.Delete<ParcelState>(1L, "ParcelHandedOver"));
        await WriteAsync(byDapper, StateWrite.Upsert(new ParcelState(1, "back", 6)));

        Assert.Equal(Read(EfDatabase, Heads), Read(_depot.ConnectionString, Heads));
        Assert.Equal(Read(EfDatabase, Rows), Read(_depot.ConnectionString, Rows));
        Assert.Equal(4, Read(EfDatabase, Rows).Count);
    }

    private string EfDatabase => $"Data Source={_directory.File("ef.db")}";

    private static List<string> Read(string database, string sql)
    {
        using var connection = new SqliteConnection(database);
        return [.. connection.Query(sql).Select(row => string.Join(" | ", ((IDictionary<string, object?>)row).Values))];
    }

    private static async Task<IHost> PreparedAsync(IHost host)
    {
        foreach (var source in Sources(host))
            await source.PrepareAsync(Ct);
        return host;
    }

    private static IEnumerable<IStateSource> Sources(IHost host) =>
        [.. host.Services.GetServices<ConnectionSource>(), .. host.Services.GetServices<EfStateSource<ParcelDb>>()];

    private IHost EfHost()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddDbContext<ParcelDb>(o =>
            o.UseSqlite(EfDatabase).ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        builder.Services.AddStatecast(
            "depot",
            s =>
                s.UseSqliteLog(_directory.File("log"))
                    .FromDbContext<ParcelDb>(db => db.Publish<Parcel, ParcelState>(p => new(p.Id, p.Place, p.Grams)))
        );
        var host = builder.Build();
        using var scope = host.Services.CreateScope();
        scope.ServiceProvider.GetRequiredService<ParcelDb>().Database.EnsureCreated();
        return host;
    }

    private static async Task SaveAsync(IHost host, string? cause, Action<ParcelDb> change)
    {
        using var scope = host.Services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<ParcelDb>();
        if (cause is not null)
            db.SetCause(cause);
        change(db);
        await db.SaveChangesAsync(Ct);
    }

    private async Task WriteAsync(IHost host, StateWrite write)
    {
        using var connection = _depot.Open();
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await host.Services.GetRequiredService<IStatePublisher>().PublishAsync(transaction, [write], Ct);
        await transaction.CommitAsync(Ct);
    }
}

public sealed class Parcel
{
    public long Id { get; set; }
    public string Place { get; set; } = "";
    public int Grams { get; set; }
}

public sealed class ParcelDb(DbContextOptions<ParcelDb> options) : DbContext(options)
{
    public DbSet<Parcel> Parcels => Set<Parcel>();

    protected override void OnModelCreating(ModelBuilder model) => model.AddStatecast();
}
