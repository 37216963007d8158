using Statecast.Events;

namespace Statecast.Replicas;

/// <summary>The replica was never complete: absence cannot be answered yet. Wait for readiness, or accept partial data.</summary>
/// <param name="replica">The replica's name.</param>
/// <param name="state">Where it stands.</param>
public sealed class ReplicaNotReadyException(string replica, ReplicaState state)
    : Exception(
        $"The replica '{replica}' is {state} and was never complete. Wait until the readiness health check reports healthy, or read with ReadOptions.Partial."
    )
{
    /// <summary>Where the replica stands.</summary>
    public ReplicaState State { get; } = state;
}

/// <summary>An event of this key is parked: what the replica holds is known to be old, and absence is not known.</summary>
/// <param name="replica">The replica's name.</param>
/// <param name="key">The key's text form.</param>
/// <param name="reason">Why the event is parked.</param>
public sealed class StateParkedException(string replica, string key, string reason)
    : Exception(
        $"An event of key '{key}' is parked in replica '{replica}': {reason} Mend the cause and retry it, or drop it, through IStatecast."
    )
{
    /// <summary>The key's text form.</summary>
    public string Key { get; } = key;
}

/// <summary>The state that a token names did not arrive in time.</summary>
/// <param name="token">The token.</param>
/// <param name="waited">How long was waited.</param>
/// <param name="freshness">What the replica knows of its staleness.</param>
public sealed class ReplicaBehindException(StateToken token, TimeSpan waited, Freshness freshness)
    : TimeoutException(
        $"The state {token} did not reach the replica within {waited.TotalSeconds:0.###} s (up to date as of {freshness.AsOf?.ToString("O") ?? "never"}{(freshness.Unknown is { } unknown ? "; now unknown: " + unknown : "")})."
    )
{
    /// <summary>The token.</summary>
    public StateToken Token { get; } = token;
}
