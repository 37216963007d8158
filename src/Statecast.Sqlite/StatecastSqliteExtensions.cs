using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Sqlite.Replicas;
using Statecast.Sqlite.Transport;

namespace Statecast.Sqlite;

/// <summary>Adds the embedded default to a service.</summary>
public static class StatecastSqliteExtensions
{
    private const string SharedSection = "Sqlite";

    /// <summary>Sends and receives over the SQLite log in a directory, and lets sources keep their data in SQLite.</summary>
    /// <param name="statecast">The service's declarations.</param>
    /// <param name="directory">The directory that the services of this machine share; made if it is not there.</param>
    /// <param name="configure">Further settings.</param>
    /// <exception cref="InvalidOperationException">The service uses the SQLite log already.</exception>
    public static StatecastBuilder UseSqliteLog(
        this StatecastBuilder statecast,
        string directory,
        Action<SqliteLogOptions>? configure = null
    )
    {
        statecast
            .Services.AddAdapterOptions<SqliteLogOptions>(
                Options.DefaultName,
                o => o.FindProblem(),
                (SharedSection, (section, o) => section.Bind((SqliteOptions)o, Strict)),
                ("SqliteLog", (section, o) => section.Bind(o, Strict))
            )
            .Configure(o =>
            {
                o.Directory = directory;
                configure?.Invoke(o);
            });
        // The relay's connection waits as long, and accepts the same library, as the log does.
        AddSqliteOptions(statecast.Services, Options.DefaultName)
            .Configure<IOptions<SqliteLogOptions>>(
                (o, log) => (o.BusyTimeout, o.AllowOlderLibrary) = (log.Value.BusyTimeout, log.Value.AllowOlderLibrary)
            );
        return AddDatabase(statecast)
            .AddTransport(
                SqliteLogTransport.CarrierName,
                services => new SqliteLogTransport(
                    services.GetRequiredService<IOptions<SqliteLogOptions>>().Value,
                    Guard.Instance,
                    services.GetRequiredService<TimeProvider>(),
                    services.GetRequiredService<IEntropy>(),
                    services.GetService<ILogger<SqliteLogTransport>>()
                )
            );
    }

    /// <summary>Lets sources keep their data in SQLite, whatever carrier they use. <see cref="UseSqliteLog"/> does so too; later calls' settings come on top.</summary>
    /// <param name="statecast">The service's declarations.</param>
    /// <param name="configure">Settings of the relay's connection.</param>
    public static StatecastBuilder UseSqliteDatabase(this StatecastBuilder statecast, Action<SqliteOptions>? configure = null)
    {
        AddSqliteOptions(statecast.Services, Options.DefaultName).Configure(o => configure?.Invoke(o));
        return AddDatabase(statecast);
    }

    /// <summary>Keeps the replica in an SQLite file. One file may hold several replicas; one process owns it.</summary>
    /// <param name="replica">The replica's declarations.</param>
    /// <param name="path">The file; made with mode 0600 if it is not there.</param>
    /// <param name="configure">Settings.</param>
    /// <exception cref="ArgumentException">The path is empty, or SQLite's name for a database in memory.</exception>
    public static ReplicaBuilder<TState> InSqlite<TState>(
        this ReplicaBuilder<TState> replica,
        string path,
        Action<SqliteOptions>? configure = null
    )
        where TState : class, IStateContract<TState>
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (path.StartsWith(":memory:", StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException($"The replica of {replica.Name} needs a file; use InMemory() for one in memory.", nameof(path));
        var name = replica.Name;
        AddSqliteOptions(replica.Services, name).Configure(o => configure?.Invoke(o));
        return replica.In(services => new SqliteReplicaStore(
            path,
            services.GetRequiredService<IOptionsMonitor<SqliteOptions>>().Get(name),
            services.GetRequiredService<TimeProvider>()
        ));
    }

    private static StatecastBuilder AddDatabase(StatecastBuilder statecast) =>
        statecast.AddDatabase(
            SqliteAdapter.Provider,
            services => new SqliteAdapter(
                services.GetRequiredService<IOptions<SqliteOptions>>().Value,
                services.GetRequiredService<TimeProvider>()
            )
        );

    private static OptionsBuilder<SqliteOptions> AddSqliteOptions(IServiceCollection services, string name) =>
        services.AddAdapterOptions<SqliteOptions>(name, o => o.FindProblem(), (SharedSection, (section, o) => section.Bind(o, Strict)));

    private static void Strict(BinderOptions options) => options.ErrorOnUnknownConfiguration = true;
}
