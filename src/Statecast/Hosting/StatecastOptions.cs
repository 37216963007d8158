using Statecast.Consuming;
using Statecast.Outbox;
using Statecast.Serialization.Json;

namespace Statecast.Hosting;

/// <summary>Settings of a service. From code, then from the configuration section <c>Statecast</c>; checked at start.</summary>
public sealed class StatecastOptions
{
    /// <summary>How a target applies. Section <c>Statecast:Target</c>.</summary>
    public TargetOptions Target { get; set; } = new();

    /// <summary>How handlers run. Section <c>Statecast:Handlers</c>.</summary>
    public HandlerOptions Handlers { get; set; } = new();

    /// <summary>How a relay sends. Section <c>Statecast:Relay</c>.</summary>
    public RelayOptions Relay { get; set; } = new();

    /// <summary>How a source republishes. Section <c>Statecast:Republish</c>.</summary>
    public RepublishOptions Republish { get; set; } = new();

    /// <summary>The longest that stopping waits for all loops together; below the host's own shutdown time-out (30 s), and at least <see cref="RelayOptions.DrainTimeout"/>, which is a part of it. Default 10 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A loop that has not gone round for so long makes the liveness check fail. Default 2 minutes.</summary>
    public TimeSpan LoopTimeout { get; set; } = TimeSpan.FromMinutes(2);
}

/// <summary>How a target applies. Configuration section <c>Statecast:Target</c>.</summary>
public sealed class TargetOptions
{
    /// <summary>The most events in one local transaction of a replica that keeps up, 1 to 100,000. Default 2,000.</summary>
    public int MaxBatch { get; set; } = 2000;

    /// <summary>
    /// The most events in one local transaction of a replica that is far behind, 1 to 1,000,000: batches double up to it while more waits than fits, since larger
    /// ones write fewer pages; in memory only while at least one event in sixteen is of a key that the batch has already. Less than <see cref="MaxBatch"/> means
    /// no growth. Default 50,000.
    /// </summary>
    public int MaxCatchUpBatch { get; set; } = 50_000;

    /// <summary>The most bytes of bodies in one local transaction; at least <see cref="MaxBodyBytes"/>. Default 48 MB.</summary>
    public long MaxBatchBytes { get; set; } = 48 << 20;

    /// <summary>
    /// The most bytes of bodies that one replica has received and not committed; at least <see cref="MaxBatchBytes"/>. The carrier is not asked for more while what
    /// is held and another batch exceed it. Twice a batch, the default of 96 MB, lets the next one be read while one commits.
    /// </summary>
    public long MaxBytesInFlight { get; set; } = 96 << 20;

    /// <summary>The most bytes of a body that is read; a larger event is parked. Default 900 KB, as a source's own limit.</summary>
    public int MaxBodyBytes { get; set; } = JsonStateCodec.DefaultMaxBodyBytes;

    /// <summary>
    /// The most partial updates of one key that wait for the state that they were made from, 1 to 10,000; the oldest give way, since only a full state helps then.
    /// Default 64.
    /// </summary>
    public int MaxWaitingPatches { get; set; } = 64;

    /// <summary>
    /// The most bytes of partial updates that wait in one replica, at least 0; each counts for 512 more than its body. Beyond it a key keeps its newest alone, without the body. Default 16 MB.
    /// </summary>
    public long MaxWaitingBytes { get; set; } = 16 << 20;

    /// <summary>How long a read waits for a token's state. Default 5 s.</summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The readiness check reports degraded when a Live replica is staler than this, or unknown. Default 30 s.</summary>
    public TimeSpan MaxStaleness { get; set; } = TimeSpan.FromSeconds(30);

    internal WaitingLimits Waiting => new(MaxWaitingPatches, MaxWaitingBytes);

    // In memory a commit costs nothing, and a large batch leaves the processor's cache between its first look and its last.
    internal ApplyLimits LimitsOf(bool inMemory) =>
        new(MaxBatch, MaxCatchUpBatch, MaxBatchBytes, MaxBodyBytes, MaxBytesInFlight, ForRepeats: inMemory);
}

/// <summary>How a source republishes. Configuration section <c>Statecast:Republish</c>.</summary>
public sealed class RepublishOptions
{
    /// <summary>
    /// Keys in one transaction, 1 to 10,000. Default 200: the source's own writers wait for at most one chunk. Twice as many of what answers one target, which is read
    /// before the transaction.
    /// </summary>
    public int ChunkSize { get; set; } = 200;

    /// <summary>
    /// The most keys a second, 1 to 10,000,000; null (the default) for as many as go. Spares the database, the carrier and the targets while a large
    /// contract is said again. A range looks at every key twice: by its head, and by its row.
    /// </summary>
    public int? KeysPerSecond { get; set; }

    /// <summary>How often queued work is looked for. Default 500 ms.</summary>
    public TimeSpan Poll { get; set; } = TimeSpan.FromMilliseconds(500);
}
