using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Sqlite.Replicas;
using Statecast.Sqlite.Transport;

namespace Statecast.Sqlite;

/// <summary>Adds the embedded default to a service.</summary>
public static class StatecastSqliteExtensions
{
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
        var options = new SqliteLogOptions { Directory = directory };
        configure?.Invoke(options);
        return statecast
            .AddTransport(
                SqliteLogTransport.CarrierName,
                services => new SqliteLogTransport(
                    options,
                    Guard.Instance,
                    services.GetRequiredService<TimeProvider>(),
                    services.GetRequiredService<IEntropy>(),
                    services.GetService<ILogger<SqliteLogTransport>>()
                )
            )
            .UseSqliteDatabase(outbox =>
            {
                outbox.BusyTimeout = options.BusyTimeout;
                outbox.AllowOlderLibrary = options.AllowOlderLibrary;
            });
    }

    /// <summary>Lets sources keep their data in SQLite, whatever carrier they use. <see cref="UseSqliteLog"/> does so too; the first call's settings count.</summary>
    /// <param name="statecast">The service's declarations.</param>
    /// <param name="configure">Settings of the relay's connection.</param>
    public static StatecastBuilder UseSqliteDatabase(this StatecastBuilder statecast, Action<SqliteOptions>? configure = null)
    {
        var options = new SqliteOptions();
        configure?.Invoke(options);
        return statecast.AddDatabase(
            SqliteAdapter.Provider,
            services => new SqliteAdapter(options, services.GetRequiredService<TimeProvider>())
        );
    }

    /// <summary>Keeps the replica in an SQLite file. One file may hold several replicas; one process owns it.</summary>
    /// <param name="replica">The replica's declarations.</param>
    /// <param name="path">The file; made with mode 0600 if it is not there.</param>
    /// <param name="configure">Settings.</param>
    public static ReplicaBuilder<TState> InSqlite<TState>(
        this ReplicaBuilder<TState> replica,
        string path,
        Action<SqliteOptions>? configure = null
    )
        where TState : class, IStateContract<TState>
    {
        var options = new SqliteOptions();
        configure?.Invoke(options);
        return replica.In(services => new SqliteReplicaStore(path, options, services.GetRequiredService<TimeProvider>()));
    }
}
