using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Log;
using Statecast.Benchmarks.Orders;
using Statecast.Hosting;

namespace Statecast.Benchmarks.Replicas;

/// <summary>Ours: a whole target with the defaults of everything, over a carrier that costs nothing.</summary>
internal static class ReplicaHost
{
    /// <summary>Applies all events.</summary>
    /// <param name="events">The events.</param>
    /// <param name="arriving">See <see cref="PreparedTransport"/>.</param>
    /// <param name="keep">Says where the replica is kept.</param>
    /// <param name="then">Measures the filled store.</param>
    /// <returns>Events a second, bytes allocated and nanoseconds of processor time an event, and what <paramref name="then"/> found.</returns>
    public static async Task<double[]> ApplyAsync(
        ReplicaEvents events,
        int arriving,
        Action<ReplicaBuilder<OrderState>> keep,
        Func<double[]> then
    )
    {
        var transport = new PreparedTransport(events, arriving);
        var builder = BenchmarkHost.CreateBuilder();
        builder.Services.AddStatecast("shipping", statecast => statecast.AddTransport("prepared", _ => transport).Replica(keep));
        using var host = builder.Build();
        await host.StartAsync();
        await transport.Ready;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var used = Process.GetCurrentProcess().TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        await transport.RunAsync();
        var ended = Stopwatch.GetTimestamp();
        used = Process.GetCurrentProcess().TotalProcessorTime - used;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        var found = then();
        await host.StopAsync();
        var count = (double)events.Events.Length;
        return [count / (Figure.Micros(started, ended) / 1e6), allocated / count, used.TotalNanoseconds / count, .. found];
    }
}
