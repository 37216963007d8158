using Statecast.Events;

namespace Statecast.Consuming;

/// <summary>
/// Acts on new states at a target, after they are in the replica. At least once: use the key or the revision as idempotency key.
/// One at a time per key, several keys at once, a scope of the container per call. Silent up to the bootstrap's end and for Snapshots that change nothing, unless asked.
/// What throws is tried again with backoff, then stalled with its reason; a newer state of the key revives it.
/// </summary>
/// <typeparam name="TState">The contract.</typeparam>
public interface IStateHandler<TState>
    where TState : class
{
    /// <summary>Handles the newest state of one key.</summary>
    Task HandleAsync(StateChange<TState> change, CancellationToken ct);
}

/// <summary>What became of one key since this handler last finished with it.</summary>
/// <typeparam name="TState">The contract.</typeparam>
public sealed record StateChange<TState>
    where TState : class
{
    /// <summary>The text form of the key.</summary>
    public required string Key { get; init; }

    /// <summary>The state that this handler last finished with; null means first seen by this handler, not "created", or written in a shape that this service cannot read any more.</summary>
    public TState? Previous { get; init; }

    /// <summary>The newest state; null if the key was deleted.</summary>
    public TState? Current { get; init; }

    /// <summary>The newest operation.</summary>
    public required StateOperation Operation { get; init; }

    /// <summary>The causes since this handler last finished, oldest first; coalesced changes' too.</summary>
    public IReadOnlyList<string> Causes { get; init; } = [];

    /// <summary>The newest state's epoch and revision.</summary>
    public required StateRevision Revision { get; init; }

    /// <summary>When the source captured the newest state.</summary>
    public required DateTimeOffset CapturedAt { get; init; }
}
