using System.Diagnostics;
using System.Globalization;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Log;

/// <summary>The source's process. Order numbers rise from 0 over all commands.</summary>
internal sealed class SourceRole(ISourceSide side)
{
    public const string Name = "log-source";

    private const int Lines = 3;

    /// <summary>Orders in one transaction of a backlog.</summary>
    private const int BacklogTransaction = 500;

    private int _next;

    public async Task RunAsync()
    {
        await side.StartRelayAsync();
        await ParentLink.ServeAsync(command =>
            command[0] switch
            {
                "backlog" => BacklogAsync(Number(command[1])),
                "release" => ReleaseAsync(),
                "steady" => SteadyAsync(Number(command[1]), Number(command[2])),
                "paced" => PacedAsync(Number(command[1]), Number(command[2])),
                "cpu" => Task.FromResult(ProcessorTime.Micros()),
                _ => throw new InvalidOperationException($"'{command[0]}' is no command of {Name}."),
            }
        );
        await side.DisposeAsync();
    }

    // Saves while no relay runs.
    private async Task<string> BacklogAsync(int orders)
    {
        await side.StopRelayAsync();
        for (var left = orders; left > 0; left -= BacklogTransaction)
            await side.SaveAsync(Take(Math.Min(left, BacklogTransaction)));
        return "stored";
    }

    /// <returns>When the relay was started.</returns>
    private async Task<string> ReleaseAsync()
    {
        var started = Stopwatch.GetTimestamp();
        await side.StartRelayAsync();
        return started.ToString(CultureInfo.InvariantCulture);
    }

    /// <returns>When the first save began.</returns>
    private async Task<string> SteadyAsync(int orders, int perTransaction)
    {
        var started = Stopwatch.GetTimestamp();
        for (var left = orders; left > 0; left -= perTransaction)
            await side.SaveAsync(Take(Math.Min(left, perTransaction)));
        return started.ToString(CultureInfo.InvariantCulture);
    }

    /// <returns>The first order's number, then when each order's save had returned.</returns>
    private async Task<string> PacedAsync(int orders, int perSecond)
    {
        var first = _next;
        var committed = new long[orders];
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < orders; i++)
        {
            var due = TimeSpan.FromSeconds(i / (double)perSecond) - Stopwatch.GetElapsedTime(started);
            if (due > TimeSpan.Zero)
                await Task.Delay(due);
            await side.SaveAsync(Take(1));
            committed[i] = Stopwatch.GetTimestamp();
        }
        return $"{first} {string.Join(' ', committed)}";
    }

    private List<Order> Take(int count)
    {
        var orders = new List<Order>(count);
        for (var i = 0; i < count; i++)
            orders.Add(OrderMaker.Make(_next++, Lines));
        return orders;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
