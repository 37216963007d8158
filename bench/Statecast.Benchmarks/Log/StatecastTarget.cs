using Microsoft.Extensions.Hosting;
using Statecast.Benchmarks.Orders;
using Statecast.Hosting;
using Statecast.Sqlite;
using Statecast.Sqlite.Replicas;

namespace Statecast.Benchmarks.Log;

/// <summary>Ours: a target with a replica file, with the defaults of everything. Its store is the one of <c>InSqlite</c>, watched.</summary>
internal sealed class StatecastTarget : ITargetSide
{
    private readonly IHost _host;

    public StatecastTarget(string directory, AppliedOrders applied)
    {
        var builder = BenchmarkHost.CreateBuilder();
        builder.Services.AddStatecast(
            "shipping",
            statecast =>
                statecast
                    .UseSqliteLog(LogFile.LogDirectory(directory))
                    .Replica<OrderState>(r => r.In(_ => new WatchedStore(new SqliteReplicaStore(LogFile.Replica(directory)), applied)))
        );
        _host = builder.Build();
    }

    public Task StartAsync() => _host.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
