using System.Data.Common;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;

namespace Statecast.Tests.Publishing;

/// <summary>Heads, outbox and republish queue in memory; notes in which order it was called.</summary>
internal sealed class MemoryCaptureStore : ICaptureStore, IRepublishStore, IPublishedStore
{
    private long _lastTask;

    public Dictionary<(string Contract, string Key), Head> Heads { get; } = [];

    public List<OutboxRow> Outbox { get; } = [];

    public List<HeadWrite> Written { get; } = [];

    public List<string> Calls { get; } = [];

    public SortedDictionary<long, RepublishTask> Tasks { get; } = [];

    public List<PublishedDestination> Published { get; } = [];

    /// <summary>The next number of each lane; 1 for one that is not here.</summary>
    public Dictionary<LaneId, long> NextNumbers { get; } = [];

    /// <summary>How many rows of a lane wait to be sent; by default those that are here.</summary>
    public Func<LaneId, int>? UnsentOf { get; set; }

    public long Epoch { get; set; } = 7;

    public static CaptureScope Scope { get; } = new(null!, null, Synchronous: true, CancellationToken.None);

    public IRepublishStore Republish => this;

    IPublishedStore IRepublishStore.Published => this;

    public ValueTask<LockedHeads> LockAsync(CaptureScope scope, IReadOnlyList<HeadKeys> wanted)
    {
        Calls.Add($"lock {string.Join(", ", wanted.Select(w => $"{w.Contract} {string.Join(' ', w.Keys)}"))}");
        var heads = wanted.SelectMany(w => w.Keys.Select(k => Read(w, k)));
        return new(new LockedHeads(Epoch, [.. heads]));
    }

    private Head Read(HeadKeys wanted, string key) =>
        Heads.GetValueOrDefault((wanted.Contract, key), Head.None) is var head && wanted.WithBases ? head : head with { Base = null };

    public ValueTask WriteAsync(CaptureScope scope, IReadOnlyList<HeadWrite> heads, IReadOnlyList<OutboxRow> rows)
    {
        Calls.Add($"write {heads.Count} {rows.Count}");
        Written.AddRange(heads);
        foreach (var write in heads)
            Heads[(write.Contract, write.Key)] = write.Head;
        Outbox.AddRange(rows);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<WalkedHead>> WalkAsync(
        CaptureScope scope,
        string contract,
        string? after,
        int firstBucket,
        int lastBucket,
        int limit
    )
    {
        Calls.Add($"{(scope.OnlyReads ? "look" : "walk")} {contract}");
        return new([
            .. Heads
                .Where(h => h.Key.Contract == contract && h.Value.Revision > 0)
                .Select(h => new WalkedHead(h.Key.Key, h.Value with { Base = null }))
                .Where(h => string.CompareOrdinal(h.Key, after ?? "") > 0)
                .Where(h => KeyText.Bucket(h.Key) is var b && b >= firstBucket && b <= lastBucket)
                .OrderBy(h => h.Key, StringComparer.Ordinal)
                .Take(limit),
        ]);
    }

    public ValueTask<long> EnsureEpochAsync(CaptureScope scope, long epoch) => new(Epoch = Epoch == 0 ? epoch : Epoch);

    public ValueTask QueueAsync(CaptureScope scope, IReadOnlyList<RepublishRequest> requests, string? cursor = null)
    {
        foreach (var request in requests)
            Tasks[++_lastTask] = new(_lastTask, request, cursor);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<RepublishTask>> NextAsync(
        CaptureScope scope,
        IReadOnlyCollection<string> contracts,
        int limit,
        long? withheldAfter
    ) =>
        new([
            .. Tasks
                .Values.Where(t => contracts.Contains(t.Request.Contract))
                .Where(t =>
                    withheldAfter is { } after ? t.Cursor == RepublishTask.Withheld && t.Id > after : t.Cursor != RepublishTask.Withheld
                )
                .Take(limit),
        ]);

    public ValueTask<RepublishBacklog> ReadBacklogAsync(CaptureScope scope, IReadOnlyCollection<string> contracts)
    {
        var tasks = Tasks.Values.Where(t => contracts.Contains(t.Request.Contract)).ToLookup(t => t.Request.Key is null);
        var withheld = tasks[false].Count(t => t.Cursor == RepublishTask.Withheld);
        return new(new RepublishBacklog(tasks[false].Count() - withheld, withheld, [.. tasks[true]]));
    }

    public ValueTask AdvanceAsync(CaptureScope scope, long id, string? cursor)
    {
        if (cursor is null)
            Tasks.Remove(id);
        else
            Tasks[id] = Tasks[id] with { Cursor = cursor };
        return ValueTask.CompletedTask;
    }

    public async ValueTask<long> CountHeadsAsync(CaptureScope scope, string contract, string? after, int firstBucket, int lastBucket) =>
        (await WalkAsync(scope, contract, after, firstBucket, lastBucket, int.MaxValue)).Count;

    public ValueTask<IReadOnlyList<PatchedHead>> ReadPatchedAsync(
        CaptureScope scope,
        string contract,
        PatchedHead? after,
        DateTimeOffset fullBefore,
        int limit
    ) =>
        new([
            .. Heads
                .Where(h => h.Key.Contract == contract && h.Value.Base is { Patches: > 0 } known && known.FullAt < fullBefore)
                .Select(h => new PatchedHead(h.Value.Base!.FullAt, h.Key.Key))
                .OrderBy(h => h.FullAt)
                .ThenBy(h => h.Key, StringComparer.Ordinal)
                .Where(h =>
                    after is not { } last
                    || h.FullAt > last.FullAt
                    || (h.FullAt == last.FullAt && string.CompareOrdinal(h.Key, last.Key) > 0)
                )
                .Take(limit),
        ]);

    ValueTask<IReadOnlyList<PublishedDestination>> IPublishedStore.ReadAsync(CaptureScope scope) => new([.. Published]);

    ValueTask IPublishedStore.WriteAsync(CaptureScope scope, PublishedDestination destination)
    {
        Published.RemoveAll(p => p.Carrier == destination.Carrier && p.Destination == destination.Destination);
        Published.Add(destination);
        return ValueTask.CompletedTask;
    }

    ValueTask IPublishedStore.RemoveAsync(CaptureScope scope, PublishedDestination destination)
    {
        Published.RemoveAll(p => p.Carrier == destination.Carrier && p.Destination == destination.Destination);
        Outbox.RemoveAll(row => row.Carrier == destination.Carrier && SnapshotLane.LiveOf(row.Lane).Destination == destination.Destination);
        return ValueTask.CompletedTask;
    }

    ValueTask<PublishedLane> IPublishedStore.ReadLaneAsync(CaptureScope scope, string carrier, LaneId lane, int countUpTo) =>
        new(
            new PublishedLane(
                NextNumbers.GetValueOrDefault(lane, 1),
                Math.Min(countUpTo, UnsentOf?.Invoke(lane) ?? Outbox.Count(r => r.Carrier == carrier && r.Lane == lane))
            )
        );
}

/// <summary>States handed over, as by an explicit call.</summary>
internal sealed class GivenStates : ICaptureSet
{
    private readonly MemoryCaptureStore? _store;
    private readonly Dictionary<string, object?> _states;

    public GivenStates(Publication publication, Dictionary<string, object?> states, MemoryCaptureStore? store = null)
    {
        _store = store;
        Publication = publication;
        _states = states;
        Keys = [.. states.Keys.Order(StringComparer.Ordinal)];
    }

    public Publication Publication { get; }

    public IReadOnlyList<string> Keys { get; }

    public string? Causes { get; set; }

    public Func<string, IReadOnlyList<object>>? Older { get; init; }

    public string? CausesOf(string key) => Causes;

    public ValueTask<IReadOnlyList<KeyState>> ReadAsync(CaptureScope scope)
    {
        _store?.Calls.Add($"read {Publication.Contract.Name}");
        return new([
            .. Keys.Select(k =>
                _states[k] is CaptureException failure ? new(null, failure) : new KeyState(_states[k]) { Older = Older?.Invoke(k) }
            ),
        ]);
    }
}
