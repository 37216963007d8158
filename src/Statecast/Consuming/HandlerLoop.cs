using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Hosting;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>
/// Runs one replica's handlers over their pending changes: several keys at once, one at a time per handler and key. A call that ends makes room for the
/// next one at once, so that a slow call holds up its own key and its one place of <see cref="HandlerOptions.Concurrency"/>, nothing else.
/// </summary>
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
    private static readonly AsyncLocal<Call?> Inside = new();
    private readonly Dictionary<string, HandlerRegistration> _handlers = handlers.ToDictionary(h => h.Name);
    private readonly Backoff _backoff = new(entropy, options.FirstRetry, options.LongestRetry);

    // Touched by the loop only, and kept when it is started again: a call that still runs must not be made a second time.
    private readonly Dictionary<(string Handler, string Key), Call> _inFlight = [];
    private readonly ConcurrentQueue<Ended> _ended = new();
    private long _running;

    // Whoever counts what is stalled writes the count down before the next one reads it, so that the newest count stands.
    private readonly SemaphoreSlim _counting = new(1);
    private long _countedAt;
    private volatile bool _uncounted = true;

    /// <summary>Whether the caller is a handler, or was called by one: it must not wait for handlers, which may wait for it or for its place.</summary>
    public static bool IsCaller => Inside.Value is { IsOver: false };

    public string Name => $"handlers {subscription.Layout.Name}";

    public DateTimeOffset LastBeat { get; private set; } = clock.GetUtcNow();

    /// <summary>Whether nothing is due or will be, and nothing runs: for <c>WhenIdleAsync</c>. Stalled changes wait for a person and do not count.</summary>
    public async Task<bool> IsIdleAsync(CancellationToken ct)
    {
        // Due at the end of time is everything that has a next try.
        var next = await subscription.Store.Inbox.PendingAsync(DateTimeOffset.MaxValue, 1, ct).ConfigureAwait(false);
        return next.Count == 0 && Interlocked.Read(ref _running) == 0;
    }

    /// <summary>Looks at once, after an operator let stalled work be tried again or dropped it.</summary>
    public async Task WakeAsync(CancellationToken ct)
    {
        subscription.PendingWork.Signal();
        await CountStalled(ct).ConfigureAwait(false);
    }

    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            // The apply loop opens the store, and signals then; before that there is nothing to look at.
            while (!subscription.Status.IsOpen)
            {
                LastBeat = clock.GetUtcNow();
                await subscription.PendingWork.WaitAsync(Wait, clock, ct).ConfigureAwait(false);
            }
            await Work(ct).ConfigureAwait(false);
        }
        finally
        {
            // Cancelled with the loop: the store is disposed after it ends.
            if (ct.IsCancellationRequested)
                await Task.WhenAll(_inFlight.Values.Select(c => c.Task)).ConfigureAwait(false);
        }
    }

    private TimeSpan Wait => options.Poll < subscription.Beat ? options.Poll : subscription.Beat;

    private async Task Work(CancellationToken ct)
    {
        var due = new Queue<PendingChange>();
        while (true)
        {
            LastBeat = clock.GetUtcNow();
            TakeEnded();
            TellSlow();
            if (_uncounted || (subscription.Status.Stalled > 0 && clock.GetElapsedTime(_countedAt) >= Wait))
                await CountStalled(ct).ConfigureAwait(false);
            if (due.Count == 0 && _inFlight.Count < options.Concurrency)
                await Read(due, ct).ConfigureAwait(false);
            while (_inFlight.Count < options.Concurrency && due.TryDequeue(out var change))
                Start(change, ct);
            // Woken by work that came and by each call that ends.
            await subscription.PendingWork.WaitAsync(Wait, clock, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Counts while there are any: what a newer state revived is not told of.</summary>
    private async Task CountStalled(CancellationToken ct)
    {
        await _counting.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            _uncounted = false;
            _countedAt = clock.GetTimestamp();
            subscription.Status.Stalled = await subscription.Store.Inbox.CountStalledAsync(ct).ConfigureAwait(false);
        }
        catch
        {
            _uncounted = true;
            throw;
        }
        finally
        {
            _counting.Release();
        }
    }

    private void TakeEnded()
    {
        Exception? failure = null;
        while (_ended.TryDequeue(out var ended))
        {
            _inFlight.Remove(ended.Call.At);
            failure ??= ended.Failure;
        }
        // The store failed, not a handler: the supervisor tells, waits and starts the loop again.
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    private void TellSlow()
    {
        foreach (var call in _inFlight.Values)
        {
            var runs = clock.GetElapsedTime(call.Started);
            if (call.Told || runs < subscription.Beat)
                continue;
            call.Told = true;
            Log.HandlerSlow(logger, call.At.Handler, call.At.Key, runs, _inFlight.Count, options.Concurrency);
        }
    }

    /// <summary>Reads the next page. It holds each handler and key at most once, and is worked off before the next is read: no key runs twice at once.</summary>
    private async Task Read(Queue<PendingChange> due, CancellationToken ct)
    {
        // Calls in flight are still pending: the page is larger by as many, so that they never take the place of others. A call that ends during the
        // read is still in flight here, so that the change it finished with is not taken for a new one.
        var limit = Math.Max(PageSize, options.Concurrency) + _inFlight.Count;
        foreach (var change in await subscription.Store.Inbox.PendingAsync(clock.GetUtcNow(), limit, ct).ConfigureAwait(false))
            if (!_inFlight.ContainsKey((change.Handler, change.Key)))
                due.Enqueue(change);
    }

    private void Start(PendingChange change, CancellationToken ct)
    {
        var call = new Call((change.Handler, change.Key), clock.GetTimestamp());
        _inFlight.Add(call.At, call);
        Interlocked.Increment(ref _running);
        // On a thread of the pool: a handler that blocks its thread must not block the loop.
        call.Task = Task.Run(() => Run(call, change, ct), CancellationToken.None);
    }

    private async Task Run(Call call, PendingChange change, CancellationToken ct)
    {
        Exception? failure = null;
        try
        {
            await Handle(call, change, ct).ConfigureAwait(false);
        }
        // The loop throws it; after a cancellation nobody does, and the change stays pending.
        catch (Exception e)
        {
            failure = e;
        }
        _ended.Enqueue(new(call, failure));
        Interlocked.Decrement(ref _running);
        subscription.PendingWork.Signal();
    }

    private async Task Handle(Call call, PendingChange change, CancellationToken ct)
    {
        if (!_handlers.TryGetValue(change.Handler, out var handler))
        {
            await Fail(change, $"no handler named '{change.Handler}' is registered any more: register it, or drop the change.", null, ct)
                .ConfigureAwait(false);
            return;
        }
        using var activity = StatecastActivity.Handle(subscription, change);
        Inside.Value = call;
        try
        {
            try
            {
                await handler.CallAsync(services, change, ct).ConfigureAwait(false);
            }
            finally
            {
                // What the handler began and left running carries the call along for its whole life, but is no part of it any more.
                call.IsOver = true;
            }
        }
        // A handler is the user's: whatever it throws delays this handler's key only.
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            DateTimeOffset? next = change.Attempts + 1 < options.MaxAttempts ? clock.GetUtcNow() + _backoff.Wait(change.Attempts) : null;
            StatecastActivity.Failed(activity, e.GetType().FullName);
            Log.HandlerFailed(logger, e, change.Handler, change.Key, change.Attempts + 1, next is null);
            await Fail(change, $"{e.GetType().Name}: {e.Message}", next, ct).ConfigureAwait(false);
            subscription.Watches.Ended(change, e);
            return;
        }
        // What the handler did is done: a stop that cut off the word of it would have it done again at the next start.
        await subscription.Store.Inbox.CompleteAsync(change, CancellationToken.None).ConfigureAwait(false);
        subscription.Watches.Ended(change, null);
    }

    private async Task Fail(PendingChange change, string reason, DateTimeOffset? next, CancellationToken ct)
    {
        await subscription.Store.Inbox.FailAsync(change, reason, next, ct).ConfigureAwait(false);
        if (next is not null)
            return;
        StatecastMeter.Stalled(subscription, change.Handler);
        _uncounted = true;
    }

    /// <summary>A handler call that runs.</summary>
    private sealed class Call((string Handler, string Key) at, long started)
    {
        private volatile bool _isOver;

        public (string Handler, string Key) At { get; } = at;

        public long Started { get; } = started;

        public Task Task { get; set; } = Task.CompletedTask;

        /// <summary>Whether it was told of as slow.</summary>
        public bool Told { get; set; }

        /// <summary>Whether the handler has returned. Read on any thread.</summary>
        public bool IsOver
        {
            get => _isOver;
            set => _isOver = value;
        }
    }

    private readonly record struct Ended(Call Call, Exception? Failure);
}
