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

/// <summary>A partial update of this key is here, and the state that it was made from is not: whether there is one is not known.</summary>
/// <param name="replica">The replica's name.</param>
/// <param name="key">The key's text form.</param>
public sealed class StateWaitingException(string replica, string key)
    : Exception(
        $"A partial update of key '{key}' waits in replica '{replica}' for the state that it was made from. It is asked for where the carrier has a request channel, and else comes with the source's next full state: read again later, or republish the key at its source."
    )
{
    /// <summary>The key's text form.</summary>
    public string Key { get; } = key;
}

/// <summary>Instances share the replica, and this one does not answer for the key: another holds it, or this one was just given its lane. Ask there, or again.</summary>
/// <param name="replica">The replica's name.</param>
/// <param name="key">The key's text form.</param>
/// <param name="isComing">Whether this instance was given the key's lane and is still reading it.</param>
public sealed class StateElsewhereException(string replica, string key, bool isComing)
    : Exception(
        isComing
            ? $"The key '{key}' of replica '{replica}' is being taken over by this instance: its lane is not read to its end yet. Ask again."
            : $"Another instance holds the key '{key}' of replica '{replica}'. Ask there, or give every instance all keys: leave out .Shared()."
    )
{
    /// <summary>The key's text form.</summary>
    public string Key { get; } = key;

    /// <summary>Whether this instance will answer for the key soon.</summary>
    public bool IsComing { get; } = isComing;
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
