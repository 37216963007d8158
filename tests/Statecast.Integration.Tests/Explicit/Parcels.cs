using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Publishing.Explicit;
using Statecast.Sqlite;

namespace Statecast.Integration.Tests.Explicit;

[StateContract("depot.parcel")]
public sealed partial record ParcelState([StateKey] long Id, string Place, int Grams);

[StateContract("depot.route")]
public sealed partial record RouteState([StateKey] string Name, int Stops);

/// <summary>Rows as an application with Dapper has them.</summary>
public sealed class ParcelRows : IStateRows<long, ParcelState>
{
    public int Found { get; private set; }

    public async ValueTask<IReadOnlyList<ParcelState>> FindAsync(DbTransaction transaction, IReadOnlyList<long> keys, CancellationToken ct)
    {
        Found += keys.Count;
        var rows = await transaction.Connection!.QueryAsync<(long Id, string Place, long Grams)>(
            "SELECT id, place, grams FROM parcel WHERE id IN @keys",
            new { keys },
            transaction
        );
        return [.. rows.Select(r => new ParcelState(r.Id, r.Place, (int)r.Grams))];
    }

    public async ValueTask<IReadOnlyList<long>> NextKeysAsync(DbTransaction transaction, KeyPage<long> page, CancellationToken ct) =>
        [
            .. await transaction.Connection!.QueryAsync<long>(
                "SELECT id FROM parcel WHERE @First OR id > @After ORDER BY id LIMIT @Limit",
                page,
                transaction
            ),
        ];
}

public sealed class RouteRows : IStateRows<string, RouteState>
{
    public ValueTask<IReadOnlyList<RouteState>> FindAsync(DbTransaction transaction, IReadOnlyList<string> keys, CancellationToken ct) =>
        new([.. keys.Select(k => new RouteState(k, 1))]);

    public ValueTask<IReadOnlyList<string>> NextKeysAsync(DbTransaction transaction, KeyPage<string> page, CancellationToken ct) => new([]);
}

/// <summary>A source without EF Core over a folder, and a target beside it.</summary>
internal sealed class Depot : IDisposable
{
    private readonly TempDirectory _directory = new();

    public string ConnectionString => $"Data Source={_directory.File("depot.db")}";

    public ParcelRows Rows { get; } = new();

    public void Dispose() => _directory.Dispose();

    public DbConnection Open()
    {
        var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        connection.Execute("CREATE TABLE IF NOT EXISTS parcel (id INTEGER PRIMARY KEY, place TEXT NOT NULL, grams INTEGER NOT NULL)");
        return connection;
    }

    public IHost Build(Action<ConnectionSourceBuilder>? configure = null)
    {
        var builder = Builder();
        builder.Services.AddStatecast(
            "depot",
            s =>
                s.UseSqliteLog(_directory.File("log"))
                    .FromConnection(
                        "depot",
                        _ => new SqliteConnection(ConnectionString),
                        configure ?? (db => db.Publish(Rows).Publish(new RouteRows()).MakeTables())
                    )
        );
        return builder.Build();
    }

    public async Task<IHost> StartAsync()
    {
        Open().Dispose();
        var host = Build();
        await host.StartAsync();
        return host;
    }

    public async Task<IHost> StartTargetAsync()
    {
        var builder = Builder();
        builder.Services.AddStatecast(
            "reader",
            s => s.UseSqliteLog(_directory.File("log")).Replica<ParcelState>(r => r.InSqlite(_directory.File("reader.db")))
        );
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    public List<string> Story() =>
        [
            .. Query<(string Key, long Revision, long Operation, string? Causes)>(
                    "SELECT key, revision, operation, causes FROM statecast_outbox ORDER BY sequence"
                )
                .Select(r =>
                    $"{r.Key}:{(Statecast.Events.StateOperation)r.Operation}{r.Revision}{(r.Causes is null ? "" : $" ({r.Causes})")}"
                ),
        ];

    public IEnumerable<T> Query<T>(string sql)
    {
        using var connection = Open();
        return connection.Query<T>(sql);
    }

    private static HostApplicationBuilder Builder()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = "00:00:00.050";
        builder.Configuration["Statecast:Relay:LeaseDuration"] = "00:00:03";
        builder.Configuration["Statecast:Relay:DeliveryTimeout"] = "00:00:01";
        return builder;
    }
}
