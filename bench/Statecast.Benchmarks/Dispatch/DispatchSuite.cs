using System.Diagnostics;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Orders;
using Statecast.Transport.InProcess;

namespace Statecast.Benchmarks.Dispatch;

/// <summary>
/// The call of handlers beside Mediator's concrete path and a loop over an array; and a publish up to the state applied and handled, which is more than a
/// mediator does: a revision, a replica that can be read, a handler's retry.
/// </summary>
internal sealed class DispatchSuite : ISuite
{
    private const string Peer = "Mediator, concrete class";
    private const string Limit = "loop over an array";
    private const int Calls = 200_000;
    private const int Publishes = 2_000;

    public string Name => "dispatch";

    public async IAsyncEnumerable<Row> RunAsync(QuickContext context)
    {
        foreach (var handlers in new[] { 1, 3 })
        foreach (var row in await CallsAsync(context, handlers))
            yield return row;
        foreach (var row in await ToldAsync(context))
            yield return row;
        foreach (var row in await PublishesAsync(context))
            yield return row;
    }

    private async Task<Row[]> ToldAsync(QuickContext context)
    {
        const string inScope = "Mediator within a scope";
        using var calls = new HandlerCalls(1);
        await context.Progress.WriteLineAsync("  change told to a handler");
        Contender[] contenders =
        [
            new("scoped", () => Block(1, () => _ = calls.ToldToScoped())),
            new("singleton", () => Block(1, () => _ = calls.ToldToSingleton())),
            new(inScope, () => Block(1, () => _ = calls.ByMediatorInScopeAsync())),
        ];
        await Interleaved.MediansAsync(contenders, 10, TextWriter.Null);
        var medians = await Interleaved.MediansAsync(contenders, 4 * context.Rounds + 1, context.Progress);
        return [Told("scoped", 0, 0), Told("scoped", 0, 1), Told("singleton", 1, 0), Told("singleton", 1, 1)];

        Row Told(string lifetime, int contender, int figure) =>
            new(
                Name,
                $"change told to a {lifetime} handler, scope and all: {(figure == 0 ? "time" : "allocated")}",
                figure == 0 ? "ns" : "B",
                Better.Lower,
                medians[contender][figure],
                new(inScope, medians[2][figure]),
                null
            );
    }

    private async Task<Row[]> CallsAsync(QuickContext context, int handlers)
    {
        using var calls = new HandlerCalls(handlers);
        var what = $"handler call, {handlers} handler{(handlers == 1 ? "" : "s")}";
        await context.Progress.WriteLineAsync($"  {what}");
        Contender[] contenders =
        [
            new("ours", () => Block(handlers, () => _ = calls.Ours())),
            new(Peer, () => Block(handlers, () => _ = calls.ByMediator())),
            new(Limit, () => Block(handlers, () => _ = calls.ByLoop())),
        ];
        // Unmeasured, until the compiler's last tier has taken over.
        await Interleaved.MediansAsync(contenders, 10, TextWriter.Null);
        var medians = await Interleaved.MediansAsync(contenders, 10 * context.Rounds + 1, context.Progress);
        var (ours, peer, limit) = (medians[0], medians[1], medians[2]);
        return
        [
            new(Name, $"{what}: time", "ns", Better.Lower, ours[0], new(Peer, peer[0]), new(Limit, limit[0]))
            {
                Aim = new("≤ 1.2 × peer or ≤ 1 × limit", Math.Max(1.2 * peer[0], limit[0])),
            },
            new(Name, $"{what}: allocated", "B", Better.Lower, ours[1], new(Peer, peer[1]), new(Limit, limit[1])) { Aim = new("0", 0) },
        ];
    }

    private async Task<Row[]> PublishesAsync(QuickContext context)
    {
        var order = OrderMaker.Make(1, 10).ToState();
        await using var synchronous = await InProcessShop.StartAsync(InProcessMode.Synchronous, order);
        await using var queued = await InProcessShop.StartAsync(InProcessMode.Queued, order);
        using var calls = new HandlerCalls(1);
        await context.Progress.WriteLineAsync("  publish");
        Contender[] contenders =
        [
            new("synchronous", () => BlockAsync(synchronous.PublishAsync)),
            new("queued", () => BlockAsync(queued.PublishAsync)),
            new(Peer, () => BlockAsync(() => calls.ByMediator().AsTask())),
        ];
        await Interleaved.MediansAsync(contenders, 3, TextWriter.Null);
        var medians = await Interleaved.MediansAsync(contenders, 2 * context.Rounds + 1, context.Progress);
        return
        [
            Publish("publish to applied and handled, 10 lines, 1 handler: time", "µs", 0, 0),
            Publish("publish to applied and handled, 10 lines, 1 handler: allocated", "B", 0, 1),
            Publish("publish to accepted (queued), 10 lines: time", "µs", 1, 0),
        ];

        Row Publish(string of, string unit, int contender, int figure) =>
            new(Name, of, unit, Better.Lower, medians[contender][figure], new(Peer, medians[2][figure]), null);
    }

    private static double[] Block(int handlers, Action call)
    {
        var heard = Heard.Sum;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Calls; i++)
            call();
        var ended = Stopwatch.GetTimestamp();
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (Heard.Sum - heard != (long)Calls * handlers)
            throw new InvalidOperationException($"{Heard.Sum - heard} handler calls arrived; {Calls * handlers} were made.");
        return [Figure.Micros(started, ended) * 1000 / Calls, Math.Round(allocated / (double)Calls)];
    }

    // Over threads: what is allocated is counted for the whole process.
    private static async Task<double[]> BlockAsync(Func<Task> publish)
    {
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Publishes; i++)
            await publish();
        var ended = Stopwatch.GetTimestamp();
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        return [Figure.Micros(started, ended) / Publishes, Math.Round(allocated / (double)Publishes)];
    }
}
