using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.Sqlite;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Explicit;

/// <summary>Two databases in one host: a state goes into its own, or nowhere.</summary>
public sealed class OwnDatabaseTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private IHost _host = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Parcels => _directory.File("parcels.db");

    private string Routes => _directory.File("routes.db");

    private IStatePublisher Publisher => _host.Services.GetRequiredService<IStatePublisher>();

    public async ValueTask InitializeAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddStatecast(
            "depot",
            s =>
                s.UseSqliteLog(_directory.File("log"))
                    .FromConnection(
                        "parcels",
                        _ => new SqliteConnection($"Data Source={Parcels}"),
                        db => db.Publish(new ParcelRows()).MakeTables()
                    )
                    .FromConnection(
                        "routes",
                        _ => new SqliteConnection($"Data Source={Routes}"),
                        db => db.Publish(new RouteRows()).MakeTables()
                    )
        );
        _host = builder.Build();
        foreach (var source in _host.Services.GetServices<ConnectionSource>())
            await source.PrepareAsync(Ct);
    }

    public ValueTask DisposeAsync()
    {
        _host.Dispose();
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Transaction_of_the_other_database_is_refused_and_writes_nothing()
    {
        // Right first: what is remembered of one connection string must not let another one pass.
        await PublishRouteAsync($"Data Source={Routes}", "own");
        var error = await Assert.ThrowsAsync<SourceException>(() => PublishRouteAsync($"Data Source={Parcels}", "swapped"));
        Assert.Contains(Path.GetFileName(Parcels), error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Path.GetFileName(Routes), error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("FromConnection", error.Message, StringComparison.Ordinal);

        using (var connection = Open($"Data Source={Parcels}"))
        using (var transaction = connection.BeginTransaction())
            Assert.Throws<SourceException>(() => Publisher.Publish(transaction, [StateWrite.Upsert(new RouteState("swapped", 1))]));
        Assert.Empty(Heads(Parcels));
        Assert.Equal(["own"], Heads(Routes));
    }

    [Fact]
    public async Task Database_in_memory_is_refused_and_named()
    {
        var error = await Assert.ThrowsAsync<SourceException>(() =>
            PublishRouteAsync("Data Source=swapped;Mode=Memory;Cache=Shared", "lost", SqliteAdapterScript)
        );
        Assert.Contains("memory 'swapped'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Same_file_written_differently_is_the_same_database()
    {
        var links = Directory.CreateDirectory(_directory.File("links")).FullName;
        var ways = new List<string>
        {
            $"Data Source={Path.Combine(links, "..", "routes.db")};Pooling=False",
            $"Data Source={Path.GetRelativePath(Environment.CurrentDirectory, Routes)}",
            $"Data Source={new Uri(Routes).AbsoluteUri}?cache=private",
        };
        if (!OperatingSystem.IsWindows())
        {
            // Making a link is a privilege there.
            File.CreateSymbolicLink(Path.Combine(links, "file.db"), Routes);
            Directory.CreateSymbolicLink(Path.Combine(links, "folder"), Path.GetDirectoryName(Routes)!);
            ways.Add($"Data Source={Path.Combine(links, "file.db")}");
            ways.Add($"Data Source={Path.Combine(links, "folder", "routes.db")}");
        }
        for (var i = 0; i < ways.Count; i++)
            await PublishRouteAsync(ways[i], $"{i}");

        Assert.Equal(Enumerable.Range(0, ways.Count).Select(i => $"{i}"), Heads(Routes));
    }

    private static string SqliteAdapterScript => new SqliteAdapter().TableScript;

    private async Task PublishRouteAsync(string connectionString, string name, string? script = null)
    {
        using var connection = Open(connectionString);
        if (script is not null)
            connection.Execute(script);
        using var transaction = connection.BeginTransaction();
        await Publisher.PublishAsync(transaction, new RouteState(name, 1), ct: Ct);
        transaction.Commit();
    }

    private static List<string> Heads(string file)
    {
        using var connection = Open($"Data Source={file}");
        return [.. connection.Query<string>("SELECT key FROM statecast_head ORDER BY key")];
    }

    private static SqliteConnection Open(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }
}
