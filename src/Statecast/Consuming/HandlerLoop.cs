using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Hosting;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>Runs one replica's handlers over their pending changes: several keys at once, one at a time per handler and key.</summary>
internal sealed class HandlerLoop(
    Subscription subscription,
    IReadOnlyList<HandlerRegistration> handlers,
    HandlerOptions options,
    IServiceProvider services,
    ILogger logger,
    TimeProvider clock,
    IEntropy entropy
) : ISupervisedLoop
{
    private const int PageSize = 200;
    private readonly Dictionary<string, HandlerRegistration> _handlers = handlers.ToDictionary(h => h.Name);
    private readonly Backoff _backoff = new(entropy, options.FirstRetry, options.LongestRetry);
    private long _running;

    public string Name => $"handlers {subscription.Layout.Name}";

    public DateTimeOffset LastBeat { get; private set; } = clock.GetUtcNow();

    /// <summary>Whether nothing is due and nothing runs: for <c>WhenIdleAsync</c>. Stalled changes wait for a person and do not count.</summary>
    public async Task<bool> IsIdleAsync(CancellationToken ct)
    {
        var all = await subscription.Store.Inbox.PendingAsync(null, PageSize, ct).ConfigureAwait(false);
        return Interlocked.Read(ref _running) == 0 && !all.Any(p => p.NextTry is not null);
    }

    /// <summary>Looks at once, after an operator let stalled work be tried again.</summary>
    public void Wake() => subscription.PendingWork.Signal();

    public async Task RunAsync(CancellationToken ct)
    {
        // The apply loop opens the store, and signals then; before that there is nothing to look at.
        while (!subscription.Status.IsOpen)
        {
            LastBeat = clock.GetUtcNow();
            await subscription.PendingWork.WaitAsync(options.Poll, clock, ct).ConfigureAwait(false);
        }
        while (true)
        {
            LastBeat = clock.GetUtcNow();
            var due = await subscription.Store.Inbox.PendingAsync(clock.GetUtcNow(), PageSize, ct).ConfigureAwait(false);
            if (due.Count == 0)
            {
                await subscription.PendingWork.WaitAsync(options.Poll, clock, ct).ConfigureAwait(false);
                continue;
            }
            // The page holds each handler and key at most once, so running it in parallel keeps one at a time per key.
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = ct };
            await Parallel.ForEachAsync(due, parallel, (change, token) => new ValueTask(Run(change, token))).ConfigureAwait(false);
        }
    }

    private async Task Run(PendingChange change, CancellationToken ct)
    {
        Interlocked.Increment(ref _running);
        try
        {
            if (!_handlers.TryGetValue(change.Handler, out var handler))
            {
                await Fail(
                        change,
                        $"no handler named '{change.Handler}' is registered any more: register it, or drop the change.",
                        null,
                        ct
                    )
                    .ConfigureAwait(false);
                return;
            }
            using var activity = StatecastActivity.Handle(subscription, change);
            try
            {
                await handler.CallAsync(services, change, ct).ConfigureAwait(false);
            }
            // A handler is the user's: whatever it throws delays this handler's key only.
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                DateTimeOffset? next =
                    change.Attempts + 1 < options.MaxAttempts ? clock.GetUtcNow() + _backoff.Wait(change.Attempts) : null;
                StatecastActivity.Failed(activity, e.GetType().FullName);
                Log.HandlerFailed(logger, e, change.Handler, change.Key, change.Attempts + 1, next is null);
                await Fail(change, $"{e.GetType().Name}: {e.Message}", next, ct).ConfigureAwait(false);
                return;
            }
            await subscription.Store.Inbox.CompleteAsync(change, ct).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
            LastBeat = clock.GetUtcNow();
        }
    }

    private async Task Fail(PendingChange change, string reason, DateTimeOffset? next, CancellationToken ct)
    {
        await subscription.Store.Inbox.FailAsync(change, reason, next, ct).ConfigureAwait(false);
        if (next is null)
            StatecastMeter.Stalled(subscription, change.Handler);
    }
}
