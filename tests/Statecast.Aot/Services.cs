using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Publishing.Explicit;
using Statecast.Replicas;
using Statecast.Sqlite;
using Statecast.Sqlite.Capture;

namespace Statecast.Aot;

/// <summary>Three services over one folder, each a host as an application builds it: settings from <c>appsettings.json</c>, parts from the container.</summary>
internal sealed class Services : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("statecast-aot-").FullName;

    public Services() =>
        File.WriteAllText(
            At("appsettings.json"),
            """
            {
              "Logging": { "LogLevel": { "Default": "Warning" } },
              "Statecast": {
                "DrainTimeout": "00:00:07",
                "Relay": { "HeartbeatInterval": "00:00:00.050", "MaxBatchEvents": 3 },
                "Target": { "MaxBatch": 5 },
                "Handlers": { "Poll": "00:00:00.020" },
                "Republish": { "ChunkSize": 2, "Poll": "00:00:00.020" }
              }
            }
            """
        );

    /// <summary>Warnings and errors of all hosts: a run without failures has none.</summary>
    public ConcurrentQueue<string> Complaints { get; } = [];

    public SeenChanges Seen { get; } = new();

    public string Database => $"Data Source={At("depot.db")};Pooling=False";

    public string ReplicaFile => $"Data Source={At("ledger.db")};Pooling=False";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The application's database before it knew of Statecast: its table and rows that no capture saw; then the tables that a migration adds.</summary>
    public void MakeDatabase(params ReadOnlySpan<Crate> before)
    {
        using var connection = new SqliteConnection(Database);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = CrateStore.Script;
        command.ExecuteNonQuery();
        foreach (var crate in before)
            CrateStore.Write(connection, null, crate);
        command.CommandText = SqliteTableScript.Create;
        command.ExecuteNonQuery();
    }

    public Task<IHost> StartDepotAsync(params string[] arguments)
    {
        var builder = Builder(arguments);
        builder.Services.AddStatecast(
            "depot",
            s => s.UseSqliteLog(At("log")).FromConnection("crates", _ => new SqliteConnection(Database), db => db.Publish(new CrateRows()))
        );
        builder.Services.AddSingleton(p => new Crates(Database, p.GetRequiredService<IStatePublisher>()));
        return StartAsync(builder);
    }

    /// <summary>A target in memory.</summary>
    public Task<IHost> StartShopAsync() => StartTargetAsync("shop", r => r.InMemory().Index(Crate.ByLabel));

    /// <summary>A target in a file, with a handler.</summary>
    public Task<IHost> StartLedgerAsync() =>
        StartTargetAsync("ledger", r => r.InSqlite(At("ledger.db")).Index(Crate.ByLabel).On<CrateHandler>());

    private Task<IHost> StartTargetAsync(string service, Action<ReplicaBuilder<Crate>> configure)
    {
        var builder = Builder([]);
        builder.Services.AddSingleton(Seen);
        builder.Services.AddStatecast(service, s => s.UseSqliteLog(At("log")).Replica(configure));
        return StartAsync(builder);
    }

    private static async Task<IHost> StartAsync(HostApplicationBuilder builder)
    {
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private HostApplicationBuilder Builder(string[] arguments)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder, Args = arguments });
        builder.Logging.AddProvider(new ComplaintProvider(Complaints));
        return builder;
    }

    private string At(string name) => Path.Combine(_folder, name);

    private sealed class ComplaintProvider(ConcurrentQueue<string> complaints) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose() { }

        public IDisposable? BeginScope<TScope>(TScope state)
            where TScope : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<T>(LogLevel logLevel, EventId eventId, T state, Exception? exception, Func<T, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                complaints.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }
}
