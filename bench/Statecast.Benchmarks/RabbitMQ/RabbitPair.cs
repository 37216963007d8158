using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Log;
using Statecast.Benchmarks.Orders;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.RabbitMQ;
using Statecast.Replicas;
using Statecast.Sqlite;
using Statecast.Sqlite.Replicas;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>A source and a target, each on an SQLite file, over RabbitMQ, in this process, with the defaults of everything.</summary>
internal sealed class RabbitPair : IAsyncDisposable
{
    /// <summary>The target's name.</summary>
    public const string Watching = "watching";

    private const int Lines = 3;
    private static readonly TimeSpan LiveTimeout = TimeSpan.FromMinutes(10);
    private readonly AppliedOrders _applied = new();
    private readonly IHost _source;
    private readonly IHost _target;
    private int _next;

    /// <param name="server">The broker.</param>
    /// <param name="directory">Where the files are made.</param>
    /// <param name="first">The number of the first order that is saved here.</param>
    private RabbitPair(RabbitServer server, string directory, int first)
    {
        _next = first;
        var source = BenchmarkHost.CreateBuilder();
        source.Services.AddPooledDbContextFactory<StatecastOrdersDb>(o =>
            o.UseSqlite($"Data Source={FileOf(directory)}").AddInterceptors(new SourcePragmas())
        );
        source.Services.AddStatecast(
            "orders",
            s =>
                s.UseRabbitMQ(server.Uri)
                    .UseSqliteDatabase()
                    .FromDbContext<StatecastOrdersDb>(db => db.Publish<Order, OrderState>(o => o.ToState()))
        );
        _source = source.Build();
        _target = TargetOf(
            Watching,
            server,
            r => r.In(_ => new WatchedStore(new SqliteReplicaStore(Path.Combine(directory, $"{Watching}.db")), _applied))
        );
    }

    /// <summary>The source's file.</summary>
    public static string FileOf(string directory) => Path.Combine(directory, "orders.db");

    /// <summary>The source's application.</summary>
    public IDbContextFactory<StatecastOrdersDb> Contexts => _source.Services.GetRequiredService<IDbContextFactory<StatecastOrdersDb>>();

    /// <summary>Starts both; returns when the target is Live.</summary>
    public static async Task<RabbitPair> StartAsync(RabbitServer server, string directory, int first = 0)
    {
        var pair = new RabbitPair(server, directory, first);
        await using (var db = await pair.Contexts.CreateDbContextAsync())
            await db.Database.EnsureCreatedAsync();
        await pair._source.StartAsync();
        await pair._target.StartAsync();
        await LiveAsync(pair._target);
        return pair;
    }

    /// <summary>A target of its own.</summary>
    public static IHost TargetOf(string name, RabbitServer server, Action<ReplicaBuilder<OrderState>> keep)
    {
        var target = BenchmarkHost.CreateBuilder();
        target.Services.AddStatecast(name, s => s.UseRabbitMQ(server.Uri).Replica(keep));
        return target.Build();
    }

    /// <summary>Waits until a target has everything.</summary>
    public static async Task LiveAsync(IHost target)
    {
        var replica = target.Services.GetRequiredService<IStatecast>().Replicas.Single();
        var started = Stopwatch.GetTimestamp();
        while (replica.State != ReplicaState.Live)
            if (Stopwatch.GetElapsedTime(started) > LiveTimeout)
                throw new TimeoutException($"The target is not Live within {LiveTimeout}: {replica.State} {replica.Failure}");
            else
                await Task.Delay(1);
    }

    /// <summary>One order a transaction, at even intervals.</summary>
    /// <param name="orders">How many.</param>
    /// <param name="perSecond">How fast.</param>
    /// <param name="until">When it ends before that; null for all of them.</param>
    /// <returns>Milliseconds from the save's return to the commit at the target: p50, p99.</returns>
    public async Task<double[]> LatencyAsync(int orders, int perSecond, Task? until = null)
    {
        var first = _next;
        var committed = new List<long>();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < orders && until is not { IsCompleted: true }; i++)
        {
            var due = TimeSpan.FromSeconds(i / (double)perSecond) - Stopwatch.GetElapsedTime(started);
            if (due > TimeSpan.Zero)
                await Task.Delay(due);
            await using var db = await Contexts.CreateDbContextAsync();
            db.Add(OrderMaker.Make(_next++, Lines));
            await db.SaveChangesAsync();
            committed.Add(Stopwatch.GetTimestamp());
        }
        await AppliedAsync(first, committed.Count);
        // A commit at the target may come before the save's own return was stamped.
        var millis = _applied
            .Stamps(first, committed.Count)
            .Select((s, i) => Math.Max(0, Figure.Micros(committed[i], s) / 1000))
            .Order()
            .ToList();
        return [Figure.Percentile(millis, 50), Figure.Percentile(millis, 99)];
    }

    public async ValueTask DisposeAsync()
    {
        await _target.StopAsync();
        await _source.StopAsync();
        _target.Dispose();
        _source.Dispose();
    }

    private async Task AppliedAsync(int first, int count)
    {
        while (_applied.Stamps(first, count).Contains(0))
            await Task.Delay(5);
    }
}
