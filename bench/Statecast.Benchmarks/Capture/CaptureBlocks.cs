using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Capture;

/// <summary>Blocks of saves. Each save has a fresh context; making, loading and changing the order is not measured.</summary>
internal static class CaptureBlocks
{
    /// <summary>How many stored orders an update block goes round.</summary>
    private const int Stored = 40;

    /// <summary>New orders.</summary>
    /// <returns>The median save in µs, and the mean allocation in KB.</returns>
    public static double[] Insert(OrderSaver saver, int lines, int saves) =>
        Measure(
            saver,
            saves,
            (db, _) =>
            {
                var order = saver.NextOrder(lines);
                db.Add(order);
                return order;
            }
        );

    /// <summary>One line of a loaded order changes.</summary>
    /// <returns>The median save in µs, and the mean allocation in KB.</returns>
    public static double[] Update(OrderSaver saver, IReadOnlyList<Guid> orders, int saves) =>
        Measure(
            saver,
            saves,
            (db, i) =>
            {
                var order = db.Orders.Include(o => o.Lines).Single(o => o.Id == orders[i % orders.Count]);
                order.Lines[0].Quantity++;
                return order;
            }
        );

    /// <summary>Stores the orders that an update block changes.</summary>
    public static IReadOnlyList<Guid> Store(OrderSaver saver, int lines)
    {
        var ids = new List<Guid>(Stored);
        for (var i = 0; i < Stored; i++)
        {
            using var db = saver.CreateContext();
            var order = saver.NextOrder(lines);
            db.Add(order);
            saver.Save(db, order);
            ids.Add(order.Id);
        }
        return ids;
    }

    private static double[] Measure(OrderSaver saver, int saves, Func<OrdersDb, int, Order> change)
    {
        var micros = new double[saves];
        long bytes = 0;
        for (var i = 0; i < saves; i++)
        {
            using var db = saver.CreateContext();
            var order = change(db, i);
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var started = Stopwatch.GetTimestamp();
            saver.Save(db, order);
            var ended = Stopwatch.GetTimestamp();
            bytes += GC.GetAllocatedBytesForCurrentThread() - allocated;
            micros[i] = Figure.Micros(started, ended);
        }
        return [Figure.Median(micros), bytes / 1024.0 / saves];
    }
}
