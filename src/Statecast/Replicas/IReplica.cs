using Statecast.Events;

namespace Statecast.Replicas;

/// <summary>A target's own copy of a source's states. Reads are local; the source is never called. Safe for any number of threads.</summary>
/// <typeparam name="TKey">The contract's key.</typeparam>
/// <typeparam name="TState">The contract.</typeparam>
public interface IReplica<TKey, TState>
    where TKey : notnull
    where TState : class
{
    /// <summary>Where the replica stands.</summary>
    ReplicaState State { get; }

    /// <summary>How stale it may be.</summary>
    Freshness Freshness { get; }

    /// <summary>The newest state of a key, or null if it is known that there is none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="atLeast">First waits until the state that this token names is here, at most the configured read time-out (default 5 s).</param>
    /// <param name="options">Whether partial data is accepted.</param>
    /// <param name="ct">Ends the wait and the read.</param>
    /// <exception cref="ReplicaNotReadyException">The replica was never complete.</exception>
    /// <exception cref="StateParkedException">An event of this key is parked.</exception>
    /// <exception cref="StateWaitingException">Nothing is here, and a partial update of this key is: absence is not known. Where a state is here, it is returned, and <see cref="Freshness"/> is unknown.</exception>
    /// <exception cref="ReplicaBehindException">The token's state did not arrive in time.</exception>
    ValueTask<TState?> GetAsync(
        TKey key,
        StateToken? atLeast = null,
        ReadOptions options = ReadOptions.Complete,
        CancellationToken ct = default
    );

    /// <summary>All states, by the text form of their keys. One read transaction in SQLite; in memory weakly consistent: each state is whole, the set may mix instants.</summary>
    /// <remarks>One bad event delays its own key only: a key with a parked event has its state of before here, or none. <see cref="Freshness"/> is unknown while there is one.</remarks>
    /// <exception cref="ReplicaNotReadyException">The replica was never complete.</exception>
    IAsyncEnumerable<KeyValuePair<TKey, TState>> EnumerateAsync(ReadOptions options = ReadOptions.Complete, CancellationToken ct = default);

    /// <summary>The states that a declared index has under a value.</summary>
    /// <remarks>Of a key with a parked event it is the state of before, as with <see cref="EnumerateAsync"/>.</remarks>
    /// <exception cref="ReplicaNotReadyException">The replica was never complete.</exception>
    /// <exception cref="ArgumentException">The index was not declared for this replica.</exception>
    IAsyncEnumerable<KeyValuePair<TKey, TState>> QueryAsync<TValue>(
        StateIndex<TState, TValue> index,
        TValue value,
        ReadOptions options = ReadOptions.Complete,
        CancellationToken ct = default
    )
        where TValue : notnull;

    /// <summary>Waits until the state that the token names, or a newer one, is here.</summary>
    /// <exception cref="ReplicaBehindException">It did not arrive in time.</exception>
    /// <exception cref="StateParkedException">The state is parked, or a newer one of its key, or an event of the key that has no revision; told at once.</exception>
    /// <exception cref="ArgumentException">The token is of another contract.</exception>
    ValueTask WaitForAsync(StateToken token, TimeSpan timeout, CancellationToken ct = default);
}

/// <summary>What a reader accepts.</summary>
public enum ReadOptions
{
    /// <summary>Only data of a replica that was complete once.</summary>
    Complete,

    /// <summary>Whatever is here already; absence then means nothing.</summary>
    Partial,
}
