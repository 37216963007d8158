using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Diagnostics;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;

namespace Statecast.Transport.InProcess;

/// <summary>
/// A source without a database: heads and newest states in memory, an epoch of its own at every start, events appended to the in-process log as they are
/// published. Nothing waits in its outbox, so its relay only says heartbeats.
/// </summary>
/// <param name="service">The service's name.</param>
/// <param name="publications">What it publishes.</param>
/// <param name="transport">Finds the carrier.</param>
/// <param name="replicas">Finds the replicas of what it publishes.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Where republishes are told.</param>
internal sealed class InProcessSource(
    string service,
    IReadOnlyList<Publication> publications,
    Func<InProcessTransport> transport,
    IReplicaDirectory replicas,
    TimeProvider clock,
    ILogger logger
) : IStateSource
{
    private readonly Lock _gate = new();
    private readonly Queue<Walk> _queue = new();
    private readonly Dictionary<string, InProcessPublication> _byContract = new(StringComparer.Ordinal);
    private InProcessOutbox? _outbox;
    private InProcessOrigin _origin;

    public string Name => "memory";

    public IReadOnlyList<Publication> Publications => publications;

    public InProcessMode Mode => transport().Options.Mode;

    /// <summary>The epoch; 0 before the start.</summary>
    public long Epoch => _origin.Epoch;

    /// <summary>The epoch of a start, from the clock in Unix milliseconds and the highest that the log has seen; only tests replace it.</summary>
    public Func<long, long, long> NewEpoch { get; init; } = static (clock, seen) => Math.Max(clock, seen + 1);

    public ValueTask<IReadOnlyList<RepublishRequest>> PrepareAsync(CancellationToken ct)
    {
        var carrier = transport();
        foreach (var publication in publications)
            RequireReach(publication.Contract.Destination, carrier);
        foreach (var publication in publications)
            _byContract[publication.Contract.Name] = new(publication, carrier, clock);
        // What the log knows outlives a clock that was set back.
        var seen = _byContract.Values.Max(p => p.HighestEpoch);
        _origin = new(service, NewEpoch(clock.GetUtcNow().ToUnixTimeMilliseconds(), seen));
        _outbox = new(_origin.Epoch, [.. publications.Select(p => p.Contract.Destination)], Queue, clock);
        // Nothing was published before.
        return new([]);
    }

    public IOutboxStore OpenOutbox() => _outbox!;

    /// <summary>Looks whether a write can be published, and publishes nothing.</summary>
    /// <exception cref="SourceException">The write cannot be published here.</exception>
    /// <exception cref="StateValueException">Its state holds a value that cannot travel.</exception>
    /// <exception cref="CaptureException">Its state is too large to travel.</exception>
    public InProcessWrite Accept(StateWrite write)
    {
        var contract = write.Contract;
        if (!_byContract.TryGetValue(contract.Name, out var publication))
            throw new SourceException(
                $"{contract.Destination} cannot be published yet: the host has not started. Publish after it did; in a hosted service, add that service after AddStatecast."
            );
        if (write.IsReadBack)
            throw new SourceException(
                $"{contract.Destination} is published without a database, so there are no rows to read '{write.Key}' back from: hand its state over with StateWrite.Upsert, or its end with StateWrite.Delete."
            );
        return new(write, publication, publication.Read(write.Key, write.State));
    }

    /// <summary>Publishes one write.</summary>
    /// <returns>Its token, null if the key was never published; and whether an event went out.</returns>
    public (StateToken? Token, bool Published) Publish(InProcessWrite accepted)
    {
        var write = accepted.Write;
        var (revision, published) = accepted.Publication.Save(write.Key, write.State, accepted.Now, write.Cause, _origin);
        return (revision == 0 ? null : new(write.Contract.Name, write.Key, new(_origin.Epoch, revision)), published);
    }

    public ValueTask RequestRepublishAsync(IReadOnlyList<RepublishRequest> requests, CancellationToken ct)
    {
        foreach (var request in requests)
            Queue(request);
        return ValueTask.CompletedTask;
    }

    public ValueTask<RepublishChunk> RepublishChunkAsync(int maxKeys, CancellationToken ct)
    {
        Walk walk;
        lock (_gate)
            if (!_queue.TryPeek(out walk!))
                return new(RepublishChunk.None);
        var keys = walk.Next(maxKeys);
        foreach (var key in keys)
            _byContract[walk.Request.Contract].Republish(key, _origin);
        // Not before all are out: what fails is said again with the next chunk.
        walk.Advance(keys.Count);
        if (walk.Left == 0)
        {
            lock (_gate)
                _queue.Dequeue();
            if (walk.Request is { Key: null, Destination: { } destination })
                _outbox!.FirstRepublishEnded(destination);
        }
        return new(new RepublishChunk(keys.Count, true, []));
    }

    public ValueTask<RepublishQueue> CountRepublishAsync(CancellationToken ct)
    {
        lock (_gate)
            return new(new RepublishQueue(_queue.Count, _queue.Sum(w => w.Left)));
    }

    /// <summary>A replica here that another carrier feeds would never get what is published, one that outlives the process would keep what nobody owns any more.</summary>
    private void RequireReach(string destination, InProcessTransport carrier)
    {
        if (replicas.SubscriptionOf(destination) is not { } replica)
            return;
        if (replica.Transport != carrier)
            throw new SourceException(
                $"{destination} is published without a database, over '{carrier.Carrier}', but its replica here receives from '{replica.Transport.Carrier}'. Add .From(\"{carrier.Carrier}\") to the replica, or publish from a database over that carrier."
            );
        if (!replica.TakesObjects)
            throw new SourceException(
                $"{destination} is published without a database: its source forgets it with the process, but the store of its replica does not. Keep the replica .InMemory(), or publish from a database."
            );
    }

    private void Queue(RepublishRequest request)
    {
        if (request.Key is null)
            Log.RepublishQueued(logger, request.Contract, request.Reason);
        IReadOnlyList<string> keys = request.Key is { } one
            ? [one]
            : [.. _byContract[request.Contract].KeysOf(request.FirstBucket, request.LastBucket)];
        lock (_gate)
            _queue.Enqueue(new(request, keys));
    }

    /// <summary>A request and how far it got. Only the republisher moves it.</summary>
    private sealed class Walk(RepublishRequest request, IReadOnlyList<string> keys)
    {
        private int _done;

        public RepublishRequest Request { get; } = request;

        public int Left => keys.Count - _done;

        public IReadOnlyList<string> Next(int limit) => [.. keys.Skip(_done).Take(limit)];

        public void Advance(int count) => _done += count;
    }
}
