using System.Collections.Concurrent;
using Shop.Load;
using Shop.Running;
using Shop.Services;

namespace Shop.Display;

/// <summary>Asks every running service how it stands, a few times a second, and shows it.</summary>
internal sealed class ProgressWatch(Fleet fleet, ShopClient client, OrderLoad load, IDisplay display, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        var (done, at) = (load.Done, clock.GetTimestamp());
        while (await WaitAsync(timer, ct))
        {
            var (now, elapsed) = (load.Done, clock.GetElapsedTime(at));
            var perSecond = (now - done) / elapsed.TotalSeconds;
            (done, at) = (now, clock.GetTimestamp());
            display.Progress(new(now, load.Total, perSecond, await AskAsync(ct)));
        }
    }

    private async Task<IReadOnlyList<ServiceStatus>> AskAsync(CancellationToken ct)
    {
        var statuses = new ConcurrentDictionary<Role, ServiceStatus>();
        await Task.WhenAll(
            fleet.Running.Select(async service =>
            {
                try
                {
                    statuses[service.Role] = await client.StatusAsync(service.Url, ct);
                }
                // Stopped or killed between the question and the answer: the next round no longer asks it.
                catch (Exception e) when (e is HttpRequestException or IOException) { }
                catch (OperationCanceledException) when (ct.IsCancellationRequested) { }
            })
        );
        return [.. statuses.OrderBy(s => s.Key).Select(s => s.Value)];
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken ct)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
