using Microsoft.Extensions.DependencyInjection;
using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>One handler of one replica: how to call it without knowing its type.</summary>
/// <param name="name">Stored with pending work: fixed for as long as there is any.</param>
/// <param name="replay">Whether it also sees the bootstrap's states and Snapshots that change nothing.</param>
internal abstract class HandlerRegistration(string name, bool replay)
{
    public string Name { get; } = name;

    public bool Replay { get; } = replay;

    /// <summary>Calls the handler in a scope of its own.</summary>
    public abstract Task CallAsync(IServiceProvider services, PendingChange change, CancellationToken ct);
}

/// <summary>A handler that the container makes.</summary>
internal sealed class HandlerRegistration<TState, THandler>(string name, bool replay, Func<StoredBody, TState> decode)
    : HandlerRegistration(name, replay)
    where TState : class
    where THandler : class, IStateHandler<TState>
{
    public override async Task CallAsync(IServiceProvider services, PendingChange change, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        var handler = scope.ServiceProvider.GetRequiredService<THandler>();
        await handler
            .HandleAsync(
                new StateChange<TState>
                {
                    Key = change.Key,
                    Previous = change.Previous is { } previous ? decode(previous) : null,
                    Current = change.Current is { } current ? decode(current) : null,
                    Operation = change.Operation,
                    Causes = Causes.Split(change.Causes),
                    Revision = change.Revision,
                    CapturedAt = change.CapturedAt,
                },
                ct
            )
            .ConfigureAwait(false);
    }
}
