using Statecast.Publishing;
using Statecast.Replicas;

namespace Statecast.Hosting;

/// <summary>One service's Statecast, for operators and tests.</summary>
public interface IStatecast
{
    /// <summary>Every replica of this service and how it stands.</summary>
    IReadOnlyList<ReplicaStatus> Replicas { get; }

    /// <summary>
    /// Returns when everything captured so far by this service's sources was sent, and every replica here holds what its source had committed before the call
    /// (proven by a heartbeat taken after it) and its handlers have nothing due. For tests: it needs running sources, and takes up to two heartbeat intervals.
    /// </summary>
    Task WhenIdleAsync(CancellationToken ct = default);

    /// <summary>Says states again: all of a contract, or some keys. Runs in the background; survives a restart.</summary>
    /// <param name="contract">The contract's name.</param>
    /// <param name="keys">Text forms of keys; null for all.</param>
    /// <param name="ct">Ends the call, not what it queued.</param>
    /// <exception cref="ArgumentException">No source of this service publishes the contract, or a text is no key of it. Nothing was queued.</exception>
    Task RepublishAsync(string contract, IReadOnlyCollection<string>? keys = null, CancellationToken ct = default);

    /// <summary>Says part of a contract's states again, by bucket range: a large contract piece by piece. Runs in the background; survives a restart.</summary>
    /// <param name="contract">The contract's name.</param>
    /// <param name="buckets">Which part, for example <c>BucketRange.Part(0, 8)</c>.</param>
    /// <param name="ct">Ends the call, not what it queued.</param>
    /// <exception cref="ArgumentException">No source of this service publishes the contract.</exception>
    Task RepublishAsync(string contract, BucketRange buckets, CancellationToken ct = default);

    /// <summary>How the republisher of every source stands, in the order in which the sources were added. Empty before the host starts.</summary>
    IReadOnlyList<RepublishProgress> Republishing { get; }

    /// <summary>Parked events and stalled handler changes of this service's replicas.</summary>
    IParkedWork Parked { get; }
}

/// <summary>What waits for a person: listed, retried and dropped.</summary>
public interface IParkedWork
{
    /// <summary>Parked events of a replica, oldest first.</summary>
    /// <exception cref="ArgumentException">There is no such replica.</exception>
    IAsyncEnumerable<ParkedEvent> EventsAsync(string replica, CancellationToken ct = default);

    /// <summary>Tries parked events again.</summary>
    /// <param name="replica">The replica's name.</param>
    /// <param name="key">One key, or null for all.</param>
    /// <param name="ct">Ends the wait for the answer.</param>
    /// <returns>How many are parked no more.</returns>
    Task<int> RetryAsync(string replica, string? key = null, CancellationToken ct = default);

    /// <summary>Drops parked events: their states are lost to this replica until the key changes or is republished.</summary>
    /// <param name="replica">The replica's name.</param>
    /// <param name="key">One key, or null for all.</param>
    /// <param name="ct">Ends the wait for the answer.</param>
    /// <returns>How many were dropped.</returns>
    Task<int> DropAsync(string replica, string? key = null, CancellationToken ct = default);

    /// <summary>Handler changes of a replica that are stalled, oldest first.</summary>
    /// <exception cref="ArgumentException">There is no such replica.</exception>
    IAsyncEnumerable<PendingChange> StalledAsync(string replica, CancellationToken ct = default);

    /// <summary>Lets a stalled change be tried again at once.</summary>
    /// <returns>False if there is none.</returns>
    Task<bool> RetryStalledAsync(string replica, string handler, string key, CancellationToken ct = default);

    /// <summary>Drops a stalled change: the handler does not see this state.</summary>
    /// <returns>False if there is none.</returns>
    Task<bool> DropStalledAsync(string replica, string handler, string key, CancellationToken ct = default);
}
