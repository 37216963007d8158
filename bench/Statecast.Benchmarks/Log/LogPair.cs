using Statecast.Benchmarks.Harness;

namespace Statecast.Benchmarks.Log;

/// <summary>A source's and a target's process of one way, seen from the process that measures. Stamps compare across processes: they come from one monotonic clock.</summary>
internal sealed class LogPair(ChildProcess source, ChildProcess target) : IAsyncDisposable
{
    private int _orders;

    /// <param name="way">Who does the work: see <see cref="LogRoles"/>.</param>
    /// <param name="directory">The pair's own.</param>
    public static async Task<LogPair> StartAsync(string way, string directory)
    {
        var source = await ChildProcess.StartAsync(SourceRole.Name, way, directory);
        try
        {
            return new(source, await ChildProcess.StartAsync(TargetRole.Name, way, directory));
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    /// <summary>Orders pile up with the relay stopped; then it starts.</summary>
    /// <returns>Events a second from the relay's start to the last commit at the target, and processor µs an event in both processes.</returns>
    public async Task<double[]> BacklogAsync(int orders)
    {
        await source.AskAsync($"backlog {orders}");
        return await ThroughputAsync("release", orders);
    }

    /// <summary>Orders are saved without a pause while relay and target run.</summary>
    /// <returns>Events a second from the first save to the last commit at the target, and processor µs an event in both processes, the saves too.</returns>
    public Task<double[]> SteadyAsync(int orders, int perTransaction) => ThroughputAsync($"steady {orders} {perTransaction}", orders);

    /// <summary>One order a transaction, at even intervals.</summary>
    /// <returns>Milliseconds from the save's return to the commit at the target: p50, p99.</returns>
    public async Task<double[]> LatencyAsync(int orders, int perSecond)
    {
        var committed = await source.AskNumbersAsync($"paced {orders} {perSecond}");
        _orders += orders;
        await target.AskAsync($"await {_orders}");
        var applied = await target.AskNumbersAsync($"stamps {committed[0]} {orders}");
        // A commit at the target may come before the save's own return was stamped.
        var millis = applied.Select((stamp, i) => Math.Max(0, Figure.Micros(committed[i + 1], stamp) / 1000)).Order().ToList();
        return [Figure.Percentile(millis, 50), Figure.Percentile(millis, 99)];
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await target.DisposeAsync();
    }

    private async Task<double[]> ThroughputAsync(string command, int orders)
    {
        var used = await UsedAsync();
        var started = (await source.AskNumbersAsync(command))[0];
        _orders += orders;
        var ended = (await target.AskNumbersAsync($"await {_orders}"))[0];
        return [orders * 1e6 / Figure.Micros(started, ended), (double)(await UsedAsync() - used) / orders];
    }

    private async Task<long> UsedAsync() => (await source.AskNumbersAsync("cpu"))[0] + (await target.AskNumbersAsync("cpu"))[0];
}
