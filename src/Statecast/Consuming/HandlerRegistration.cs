using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Diagnostics;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;

namespace Statecast.Consuming;

/// <summary>One handler of one replica: how to call it without knowing its type. Everything typed was closed at compile time, where the handler was declared.</summary>
/// <param name="name">Stored with pending work: fixed for as long as there is any.</param>
/// <param name="replay">Whether it also sees the bootstrap's states and Snapshots that change nothing.</param>
/// <param name="bestEffort">Whether it may miss changes when the process ends.</param>
internal abstract class HandlerRegistration(string name, bool replay, bool bestEffort)
{
    public string Name { get; } = name;

    public bool Replay { get; } = replay;

    public bool BestEffort { get; } = bestEffort;

    /// <summary>Calls the handler in a scope of its own.</summary>
    public abstract Task CallAsync(IServiceProvider services, PendingChange change, CancellationToken ct);
}

/// <summary>The call of one handler, bound to it: nothing is looked up, cast or allocated when it is made.</summary>
internal delegate Task HandlerCall<TState>(StateChange<TState> change, CancellationToken ct)
    where TState : class;

/// <summary>A handler that the container makes.</summary>
internal sealed class HandlerRegistration<TState, THandler>(
    string name,
    bool replay,
    bool bestEffort,
    Func<StoredBody, TState> decode,
    ILogger logger
) : HandlerRegistration(name, replay, bestEffort)
    where TState : class
    where THandler : class, IStateHandler<TState>
{
    // What was told of: as many as there were shapes.
    private readonly ConcurrentDictionary<(string Codec, Fingerprint Schema), bool> _unreadable = new();

    // A singleton's call is found again here, for the handler keeps itself alive. One of a scope must not be kept: its DbContext would stay with it.
    private readonly WeakReference<HandlerCall<TState>?> _last = new(null);

    public override async Task CallAsync(IServiceProvider services, PendingChange change, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        await CallOf(scope.ServiceProvider.GetRequiredService<THandler>())(ChangeOf(change), ct).ConfigureAwait(false);
    }

    /// <summary>The handler's call; for a handler that the application registered as a singleton the one made before, as long as nothing has collected it.</summary>
    public HandlerCall<TState> CallOf(THandler handler)
    {
        if (_last.TryGetTarget(out var last) && ReferenceEquals(last.Target, handler))
            return last;
        HandlerCall<TState> call = handler.HandleAsync;
        _last.SetTarget(call);
        return call;
    }

    private StateChange<TState> ChangeOf(PendingChange change) =>
        new()
        {
            Key = change.Key,
            Previous = PreviousOf(change),
            Current = change.Current is { } current ? decode(current) : null,
            Operation = change.Operation,
            Causes = Causes.Split(change.Causes),
            Revision = change.Revision,
            CapturedAt = change.CapturedAt,
        };

    /// <summary>The previous state; null if the shape that it was written in cannot be read any more: no newer state could ever change that, and the handler would stall for good.</summary>
    private TState? PreviousOf(PendingChange change)
    {
        if (change.Previous is not { } previous)
            return null;
        try
        {
            return decode(previous);
        }
        catch (Exception e) when (e is StateFormatException or StateValueException or NotSupportedException)
        {
            if (_unreadable.TryAdd((previous.Codec, previous.Schema), true))
                Log.PreviousUnreadable(logger, Name, change.Key, e.Message, previous.Schema, previous.Codec);
            return null;
        }
    }
}
