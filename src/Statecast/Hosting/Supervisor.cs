using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;

namespace Statecast.Hosting;

/// <summary>Keeps loops running: a loop that fails is started again after a full-jitter wait, and its last failure is kept for the health check.</summary>
internal sealed class Supervisor(ILogger logger, TimeProvider clock, IEntropy entropy)
{
    private readonly ConcurrentDictionary<ISupervisedLoop, string?> _loops = new();
    private readonly List<(ISupervisedLoop Loop, Task Task)> _running = [];

    /// <summary>Every loop, with why it does not work at the moment, or null.</summary>
    public IEnumerable<(ISupervisedLoop Loop, string? Failure)> Loops => _loops.Select(l => (l.Key, l.Value));

    /// <summary>Starts a loop on a thread of the pool.</summary>
    public void Start(ISupervisedLoop loop, CancellationToken stopping)
    {
        _loops[loop] = null;
        _running.Add((loop, Task.Run(() => Supervise(loop, stopping), CancellationToken.None)));
    }

    /// <summary>Waits until all loops have ended after cancellation; what still runs then is told and left behind.</summary>
    /// <param name="timeout">For all loops together.</param>
    /// <param name="ct">The host's own patience.</param>
    public async Task DrainAsync(TimeSpan timeout, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        foreach (var (loop, task) in _running)
        {
            var left = timeout - clock.GetElapsedTime(began);
            try
            {
                await task.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, ct).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                Log.DrainTimedOut(logger, loop.Name, clock.GetElapsedTime(began));
            }
        }
    }

    private async Task Supervise(ISupervisedLoop loop, CancellationToken stopping)
    {
        var backoff = new Backoff(entropy);
        while (!stopping.IsCancellationRequested)
        {
            var started = clock.GetTimestamp();
            try
            {
                await loop.RunAsync(stopping).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            // Whatever it is, the loop must live on: it is the only one that does its work.
            catch (Exception e)
            {
                if (clock.GetElapsedTime(started) > TimeSpan.FromMinutes(1))
                    backoff.Reset();
                var wait = backoff.Next();
                if (_loops[loop] != e.Message)
                    Log.LoopFailed(logger, e, loop.Name, wait);
                _loops[loop] = e.Message;
                if (!await Pause(wait, stopping).ConfigureAwait(false))
                    return;
                _ = ClearWhenBeating(loop, clock.GetUtcNow(), stopping);
            }
        }
    }

    private async Task<bool> Pause(TimeSpan wait, CancellationToken stopping)
    {
        try
        {
            await Task.Delay(wait, clock, stopping).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Forgets a failure once the loop has gone round again.</summary>
    private async Task ClearWhenBeating(ISupervisedLoop loop, DateTimeOffset since, CancellationToken stopping)
    {
        if (!await Pause(TimeSpan.FromSeconds(1), stopping).ConfigureAwait(false) || loop.LastBeat <= since)
            return;
        _loops[loop] = null;
        Log.LoopRecovered(logger, loop.Name);
    }
}
