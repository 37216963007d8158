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
            if (await RunOnce(loop, stopping).ConfigureAwait(false) is not { } failure)
                return;
            if (clock.GetElapsedTime(started) > TimeSpan.FromMinutes(1))
                backoff.Reset();
            var wait = backoff.Next();
            if (_loops[loop] != failure.Message)
                Log.LoopFailed(logger, failure, loop.Name, wait);
            _loops[loop] = failure.Message;
            if (!await Pause(wait, stopping).ConfigureAwait(false))
                return;
        }
    }

    /// <summary>Runs a loop until it ends.</summary>
    /// <returns>Why it failed; null if it was stopped or has nothing more to do.</returns>
    private async Task<Exception?> RunOnce(ISupervisedLoop loop, CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var forgiven = _loops[loop] is null ? Task.CompletedTask : ForgiveWhenBeating(loop, clock.GetUtcNow(), ended.Token);
        try
        {
            await loop.RunAsync(stopping).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return null;
        }
        // Whatever it is, the loop must live on: it is the only one that does its work.
        catch (Exception e)
        {
            return e;
        }
        finally
        {
            // What this start did says nothing about the next.
            await ended.CancelAsync().ConfigureAwait(false);
            await forgiven.ConfigureAwait(false);
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

    /// <summary>Forgets a failure once the loop has gone round again, however long its first round takes.</summary>
    private async Task ForgiveWhenBeating(ISupervisedLoop loop, DateTimeOffset since, CancellationToken ended)
    {
        do
        {
            if (!await Pause(TimeSpan.FromSeconds(1), ended).ConfigureAwait(false))
                return;
        } while (loop.LastBeat <= since);
        _loops[loop] = null;
        Log.LoopRecovered(logger, loop.Name);
    }
}
