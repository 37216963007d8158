using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Orders;
using Statecast.Sqlite;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>A target that begins with nothing asks a full source for everything, while orders go on; and the same states copied by hand, while they go on as well.</summary>
internal sealed class RabbitBootstrap : IAsyncDisposable
{
    private const int Lines = 2;
    private const int PacedOrders = 300;
    private const int PacedRate = 100;
    private readonly RabbitServer _server;
    private readonly RabbitPair _pair;
    private readonly string _directory;
    private readonly int _states;
    private int _targets;

    private RabbitBootstrap(RabbitServer server, RabbitPair pair, string directory, int states) =>
        (_server, _pair, _directory, _states) = (server, pair, directory, states);

    /// <summary>Fills the source, and waits until it has said everything to all once, and to the target that watches its live events.</summary>
    public static async Task<RabbitBootstrap> StartAsync(RabbitServer server, string directory, int states, TextWriter progress)
    {
        var started = Stopwatch.GetTimestamp();
        await FillAsync(directory, states);
        await progress.WriteLineAsync($"    {states:N0} orders saved after {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
        var pair = await RabbitPair.StartAsync(server, directory, states);
        await progress.WriteLineAsync($"    said to all after {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
        return new(server, pair, directory, states);
    }

    /// <returns>Seconds until a new target is Live; p50 and p99 of the live orders' latency meanwhile; the same just before.</returns>
    public async Task<double[]> StatecastAsync()
    {
        var quiet = await _pair.LatencyAsync(PacedOrders, PacedRate);
        var name = $"joining-{_targets++}";
        var path = Path.Combine(_directory, $"{name}.db");
        using var target = RabbitPair.TargetOf(name, _server, r => r.InSqlite(path));
        var busy = await BesideOrdersAsync(async () =>
        {
            await target.StartAsync();
            await RabbitPair.LiveAsync(target);
        });
        await target.StopAsync();
        var prefix = $"{RabbitEvents.Destination}.{name}";
        await _server.RemoveQueuesAsync($"{prefix}.0", $"{prefix}.parked", $"{prefix}.expired");
        File.Delete(path);
        return [.. busy, .. quiet];
    }

    /// <returns>The same of a copy by hand: rows read, published with pipelined confirmations, consumed, stored in the same table.</returns>
    public async Task<double[]> BareAsync()
    {
        var quiet = await _pair.LatencyAsync(PacedOrders, PacedRate);
        var path = Path.Combine(_directory, $"copied-{_targets++}.db");
        var busy = await BesideOrdersAsync(() => BulkCopy.RunAsync(_server, _pair.Contexts, _states, path));
        File.Delete(path);
        return [.. busy, .. quiet];
    }

    public ValueTask DisposeAsync() => _pair.DisposeAsync();

    private async Task<double[]> BesideOrdersAsync(Func<Task> work)
    {
        var started = Stopwatch.GetTimestamp();
        var working = Task.Run(async () =>
        {
            await work();
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        });
        var latency = await _pair.LatencyAsync(int.MaxValue, PacedRate, working);
        return [await working, .. latency];
    }

    // Before the source is there, so that nothing is captured yet; and past the context, which would take minutes.
    private static async Task FillAsync(string directory, int states)
    {
        var options = new DbContextOptionsBuilder<StatecastOrdersDb>().UseSqlite($"Data Source={RabbitPair.FileOf(directory)}").Options;
        await using var db = new StatecastOrdersDb(options);
        await db.Database.EnsureCreatedAsync();
        await db.Database.OpenConnectionAsync();
        var connection = (SqliteConnection)db.Database.GetDbConnection();
        await using var transaction = connection.BeginTransaction();
        using var addOrder = InsertOf(connection, "Orders", Columns(OrderMaker.Make(0, 1)));
        using var addLine = InsertOf(connection, "OrderLine", Columns(OrderMaker.Make(0, 1).Lines[0]));
        for (var i = 0; i < states; i++)
        {
            var order = OrderMaker.Make(i, Lines);
            Add(addOrder, Columns(order));
            foreach (var line in order.Lines)
            {
                line.OrderId = order.Id;
                Add(addLine, Columns(line));
            }
        }
        await transaction.CommitAsync();
    }

    private static (string, object?)[] Columns(Order o) =>
        [
            (nameof(o.Id), o.Id),
            (nameof(o.Number), o.Number),
            (nameof(o.Status), (int)o.Status),
            (nameof(o.CustomerName), o.CustomerName),
            (nameof(o.CustomerEmail), o.CustomerEmail),
            (nameof(o.Street), o.Street),
            (nameof(o.Line2), o.Line2),
            (nameof(o.City), o.City),
            (nameof(o.PostalCode), o.PostalCode),
            (nameof(o.Country), o.Country),
            (nameof(o.Currency), o.Currency),
            (nameof(o.Total), o.Total),
            (nameof(o.PlacedAt), o.PlacedAt),
            (nameof(o.UpdatedAt), o.UpdatedAt),
        ];

    private static (string, object?)[] Columns(OrderLine l) =>
        [
            (nameof(l.OrderId), l.OrderId),
            (nameof(l.LineNumber), l.LineNumber),
            (nameof(l.Sku), l.Sku),
            (nameof(l.ProductName), l.ProductName),
            (nameof(l.Quantity), l.Quantity),
            (nameof(l.UnitPrice), l.UnitPrice),
            (nameof(l.Discount), l.Discount),
            (nameof(l.LineTotal), l.LineTotal),
            (nameof(l.AddedAt), l.AddedAt),
        ];

    private static SqliteCommand InsertOf(SqliteConnection connection, string table, (string Name, object? Value)[] columns)
    {
        var command = connection.CreateCommand();
        command.CommandText =
            $"INSERT INTO \"{table}\" ({string.Join(", ", columns.Select(c => $"\"{c.Name}\""))}) VALUES ({string.Join(", ", columns.Select(c => $"@{c.Name}"))})";
        foreach (var (name, _) in columns)
            command.Parameters.Add(new($"@{name}", null));
        return command;
    }

    private static void Add(SqliteCommand insert, (string Name, object? Value)[] columns)
    {
        for (var i = 0; i < columns.Length; i++)
            insert.Parameters[i].Value = columns[i].Value ?? DBNull.Value;
        insert.ExecuteNonQuery();
    }
}
