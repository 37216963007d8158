using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Sqlite.Replicas;
using Statecast.Sqlite.Transport;

namespace Statecast.Sqlite;

/// <summary>Adds the embedded default to a service.</summary>
public static class StatecastSqliteExtensions
{
    /// <summary>The SQLite log as carrier, and SQLite as a source's database.</summary>
    /// <param name="statecast">The service.</param>
    /// <param name="directory">The log's folder, shared by sources and targets of one machine; made if it is not there.</param>
    /// <param name="configure">Further settings.</param>
    public static StatecastBuilder UseSqliteLog(
        this StatecastBuilder statecast,
        string directory,
        Action<SqliteLogOptions>? configure = null
    )
    {
        var options = new SqliteLogOptions { Directory = directory };
        configure?.Invoke(options);
        statecast.AddTransport(
            SqliteLogTransport.CarrierName,
            s => new SqliteLogTransport(
                options,
                clock: s.GetRequiredService<TimeProvider>(),
                entropy: s.GetRequiredService<IEntropy>(),
                logger: s.GetService<ILogger<SqliteLogTransport>>()
            )
        );
        return statecast.UseSqliteDatabase(o => (o.BusyTimeout, o.AllowOlderLibrary) = (options.BusyTimeout, options.AllowOlderLibrary));
    }

    /// <summary>SQLite as a source's database, for a service whose carrier is another. <see cref="UseSqliteLog"/> implies it.</summary>
    public static StatecastBuilder UseSqliteDatabase(this StatecastBuilder statecast, Action<SqliteOptions>? configure = null)
    {
        var options = new SqliteOptions();
        configure?.Invoke(options);
        return statecast.AddDatabase(SqliteAdapter.Provider, s => new SqliteAdapter(options, s.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Keeps the replica in an SQLite file. Several replicas of one process may share it; a second process is refused.</summary>
    /// <param name="replica">The replica.</param>
    /// <param name="file">The file; made if it is not there.</param>
    /// <param name="configure">Further settings.</param>
    public static ReplicaBuilder<TState> InSqlite<TState>(
        this ReplicaBuilder<TState> replica,
        string file,
        Action<SqliteOptions>? configure = null
    )
        where TState : class, IStateContract<TState>
    {
        var options = new SqliteOptions();
        configure?.Invoke(options);
        return replica.In(_ => new SqliteReplicaStore(file, options));
    }
}
