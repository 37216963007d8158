using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Log;
using Statecast.Benchmarks.Orders;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.Kafka;
using Statecast.Replicas.InMemory;
using Statecast.Sqlite;

namespace Statecast.Benchmarks.Kafka;

/// <summary>A source on SQLite and a target in memory over Kafka, in this process, with the defaults of everything.</summary>
internal sealed class KafkaPair : IAsyncDisposable
{
    private const int Lines = 3;
    private readonly AppliedOrders _applied = new();
    private readonly IHost _source;
    private readonly IHost _target;
    private int _next;

    private KafkaPair(string servers, string directory)
    {
        var source = BenchmarkHost.CreateBuilder();
        source.Services.AddPooledDbContextFactory<StatecastOrdersDb>(o =>
            o.UseSqlite($"Data Source={Path.Combine(directory, "orders.db")}").AddInterceptors(new SourcePragmas())
        );
        source.Services.AddStatecast(
            "orders",
            s =>
                s.UseKafka(servers)
                    .UseSqliteDatabase()
                    .FromDbContext<StatecastOrdersDb>(db => db.Publish<Order, OrderState>(o => o.ToState()))
        );
        _source = source.Build();
        var target = BenchmarkHost.CreateBuilder();
        target.Services.AddStatecast(
            "shipping",
            s => s.UseKafka(servers).Replica<OrderState>(r => r.In(_ => new WatchedStore(new MemoryReplicaStore(), _applied)))
        );
        _target = target.Build();
    }

    public static async Task<KafkaPair> StartAsync(string servers, string directory)
    {
        var pair = new KafkaPair(servers, directory);
        await using (var db = await pair.Contexts.CreateDbContextAsync())
            await db.Database.EnsureCreatedAsync();
        await pair._source.StartAsync();
        await pair._target.StartAsync();
        return pair;
    }

    /// <summary>One order a transaction, at even intervals.</summary>
    /// <returns>Milliseconds from the save's return to the commit at the target: p50, p99.</returns>
    public async Task<double[]> LatencyAsync(int orders, int perSecond)
    {
        var first = _next;
        var committed = new long[orders];
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < orders; i++)
        {
            var due = TimeSpan.FromSeconds(i / (double)perSecond) - Stopwatch.GetElapsedTime(started);
            if (due > TimeSpan.Zero)
                await Task.Delay(due);
            await using var db = await Contexts.CreateDbContextAsync();
            db.Add(OrderMaker.Make(_next++, Lines));
            await db.SaveChangesAsync();
            committed[i] = Stopwatch.GetTimestamp();
        }
        await _applied.ReachedAsync(_next);
        // A commit at the target may come before the save's own return was stamped.
        var millis = _applied.Stamps(first, orders).Select((s, i) => Math.Max(0, Figure.Micros(committed[i], s) / 1000)).Order().ToList();
        return [Figure.Percentile(millis, 50), Figure.Percentile(millis, 99)];
    }

    public async ValueTask DisposeAsync()
    {
        await _target.StopAsync();
        await _source.StopAsync();
        _target.Dispose();
        _source.Dispose();
    }

    private IDbContextFactory<StatecastOrdersDb> Contexts => _source.Services.GetRequiredService<IDbContextFactory<StatecastOrdersDb>>();
}
