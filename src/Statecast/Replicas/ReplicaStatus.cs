using System.Collections.Concurrent;
using System.Globalization;
using Statecast.Consuming;
using Statecast.Events;

namespace Statecast.Replicas;

/// <summary>What the apply loop last knew of its replica: written by that loop, read by anyone.</summary>
/// <param name="name">The replica's name.</param>
/// <param name="clock">The target's clock.</param>
public sealed class ReplicaStatus(string name, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, ParkedMark> _parkedKeys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, WaitingPatches> _waitingKeys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Waiter>> _waiters = new(StringComparer.Ordinal);

    // Guards the waiters and everything below; never held across a wait.
    private readonly Lock _gate = new();
    private ReplicaProgress? _progress;
    private HeldLanes? _held;
    private ReplicaCounters _counters;
    private long _keys;
    private WaitingPatches _waiting;
    private string? _failure;
    private WentBackKeys? _wentBack;
    private long _bytesInFlight;
    private long _peakBytesInFlight;
    private long _stalled;

    /// <summary>What of a shared replica this instance answers for; null for a replica that has all keys.</summary>
    internal HeldLanes? Held
    {
        get => Volatile.Read(ref _held);
        set => Volatile.Write(ref _held, value);
    }

    /// <summary>The replica's name: the destination it holds.</summary>
    public string Name { get; } = name;

    /// <summary>Where the replica stands.</summary>
    public ReplicaState State
    {
        get
        {
            lock (_gate)
                // Live counts once it is stored: from then on reads answer, and a reader who saw it must not be refused.
                return _progress is null ? ReplicaState.Empty
                    : _progress.BecomesLive ? ReplicaState.Bootstrapping
                    : _progress.State;
        }
    }

    /// <summary>Whether the replica was complete once: reads answer.</summary>
    public bool WasLive
    {
        get
        {
            lock (_gate)
                return _progress?.WasLive ?? false;
        }
    }

    /// <summary>How stale the replica may be.</summary>
    public Freshness Freshness
    {
        get
        {
            lock (_gate)
                return _progress?.FreshnessAt(clock.GetUtcNow(), _parkedKeys.Count, _waiting.Count)
                    ?? new(null, _failure ?? "the replica is not open yet.");
        }
    }

    /// <summary>Promise 6's sums.</summary>
    public ReplicaCounters Counters
    {
        get
        {
            lock (_gate)
                return _counters;
        }
    }

    /// <summary>Keys that are not deleted.</summary>
    public long Keys
    {
        get
        {
            lock (_gate)
                return _keys;
        }
    }

    /// <summary>The keys whose source lost what this replica had, when its database last went back; null if none did since this process started.</summary>
    public WentBackKeys? WentBack
    {
        get
        {
            lock (_gate)
                return _wentBack;
        }
    }

    /// <summary>Bytes of bodies that are received and not committed.</summary>
    public long BytesInFlight => Interlocked.Read(ref _bytesInFlight);

    /// <summary>The most that <see cref="BytesInFlight"/> ever was.</summary>
    public long PeakBytesInFlight => Interlocked.Read(ref _peakBytesInFlight);

    /// <summary>Keys with a parked event.</summary>
    public long Parked => _parkedKeys.Count;

    /// <summary>
    /// Changes that a handler gave up: they wait for a person (<see cref="Hosting.IParkedWork.StalledAsync"/>) or for a newer state. A newer state that revived one
    /// is seen here after <c>Handlers:Poll</c> at the latest.
    /// </summary>
    public long Stalled
    {
        get => Interlocked.Read(ref _stalled);
        internal set => Interlocked.Exchange(ref _stalled, value);
    }

    /// <summary>Patches that wait for their base: the states of their keys here are known to be old.</summary>
    public WaitingPatches Waiting
    {
        get
        {
            lock (_gate)
                return _waiting;
        }
    }

    /// <summary>Keys with waiting patches.</summary>
    internal IReadOnlyList<string> WaitingKeys => [.. _waitingKeys.Keys];

    /// <summary>Whether a patch of this key waits: what is missing here is not known to be absent.</summary>
    internal bool IsWaiting(string key) => _waiting.Count > 0 && _waitingKeys.ContainsKey(key);

    /// <summary>Positions still to read and positions in all, as far as ends are known: the measure of a bootstrap. Behind a queue ranges, until the first run ended.</summary>
    public (long Remaining, long Total) Backlog
    {
        get
        {
            lock (_gate)
            {
                if (_progress is null)
                    return (0, 0);
                long remaining = 0;
                long total = 0;
                foreach (var (lane, pass) in _progress.Passes)
                {
                    var end = Math.Max(pass.EndAtOpen, EndOf(lane));
                    remaining += Math.Max(0, end - pass.Next);
                    total += end;
                }
                return (remaining, total);
            }
        }
    }

    /// <summary>
    /// Behind a queue: how many of the ranges are here of the runs by which states are asked for, and how many there are in all; none while nothing is asked for.
    /// </summary>
    public (int Done, int All) Ranges
    {
        get
        {
            lock (_gate)
                return _progress?.Ranges ?? default;
        }
    }

    /// <summary>How far the newest word that is covered trails the newest that was heard; null before one is.</summary>
    internal TimeSpan? Lag
    {
        get
        {
            lock (_gate)
                return _progress is { Newest: { } newest } progress && progress.FreshnessAt(clock.GetUtcNow(), 0).AsOf is { } asOf
                    ? newest.Clock - asOf
                    : null;
        }
    }

    /// <summary>Why the loop cannot work at the moment; null while it can.</summary>
    public string? Failure
    {
        get
        {
            lock (_gate)
                return _failure;
        }
    }

    /// <summary>Why an event of this key is parked; null if none is.</summary>
    public string? ParkedReason(string key) => _parkedKeys.GetValueOrDefault(key)?.Reason;

    /// <summary>Why a state of this key, or a newer one, cannot arrive: the parked event is of its revision or a newer one, or of none; null if nothing stands against it.</summary>
    internal string? ParkedReason(string key, StateRevision revision) =>
        _parkedKeys.GetValueOrDefault(key) is { } mark && mark.Concerns(revision) ? mark.Reason : null;

    /// <summary>Whether the store is open: before, nothing of it can be read.</summary>
    internal bool IsOpen
    {
        get
        {
            lock (_gate)
                return _progress is not null;
        }
    }

    /// <summary>For logs and consoles: <c>shop.order.v1: Live, 1203 keys, up to date as of 2026-01-02T03:04:05.0000000+00:00</c>, and what stands against it.</summary>
    public override string ToString()
    {
        var freshness = Freshness;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Name}: {State}, {Keys} keys, {(freshness.IsKnown ? $"up to date as of {freshness.AsOf:O}" : $"staleness unknown: {freshness.Unknown}")}{(Stalled > 0 ? $", {Stalled} stalled" : "")}"
        );
    }

    internal bool HoldsAsOf(DateTimeOffset instant)
    {
        lock (_gate)
            return _waiting.Count == 0
                && _progress is { State: ReplicaState.Live, WasLive: true } progress
                && progress.FreshnessAt(clock.GetUtcNow(), 0).AsOf >= instant;
    }

    internal void Opened(ReplicaProgress progress, ReplicaContents contents, IEnumerable<ParkedEvent> parked)
    {
        lock (_gate)
        {
            _progress = progress;
            _failure = null;
            Take(contents, parked);
        }
    }

    /// <summary>Keys that somebody waits for.</summary>
    internal IReadOnlyList<string> WaitedFor
    {
        get
        {
            lock (_gate)
                return [.. _waiters.Keys];
        }
    }

    /// <summary>The store was looked at again after a commit whose outcome was not known.</summary>
    /// <param name="contents">What it holds.</param>
    /// <param name="parked">Its parked events.</param>
    /// <param name="rows">The rows of <see cref="WaitedFor"/>.</param>
    internal void Reloaded(ReplicaContents contents, IReadOnlyList<ParkedEvent> parked, IReadOnlyList<ReplicaRow> rows)
    {
        List<Waiter> woken;
        lock (_gate)
        {
            Take(contents, parked);
            woken = Wake(rows, parked);
        }
        foreach (var waiter in woken)
            waiter.Done.TrySetResult();
    }

    private void Take(ReplicaContents contents, IEnumerable<ParkedEvent> parked)
    {
        _counters = contents.Counters;
        _keys = contents.Keys;
        var waiting = contents.WaitingKeys.ToDictionary(w => w.Key, w => w.Patches);
        foreach (var gone in _waitingKeys.Keys.Where(k => !waiting.ContainsKey(k)))
            _waitingKeys.TryRemove(gone, out _);
        foreach (var (key, patches) in waiting)
            _waitingKeys[key] = patches;
        _waiting = contents.Waiting;
        var marks = parked.ToDictionary(p => p.Key, ParkedMark.Of);
        // Readers ask without the gate: a key that stays parked is never missing.
        foreach (var gone in _parkedKeys.Keys.Where(k => !marks.ContainsKey(k)))
            _parkedKeys.TryRemove(gone, out _);
        foreach (var (key, mark) in marks)
            _parkedKeys[key] = mark;
    }

    private void Take(WaitingChange change)
    {
        var patches = WaitingPatches.Of(change.Patches);
        _waiting += patches - _waitingKeys.GetValueOrDefault(change.Key);
        if (patches.Count > 0)
            _waitingKeys[change.Key] = patches;
        else
            _waitingKeys.TryRemove(change.Key, out _);
    }

    /// <summary>Steps the progress under the gate, so that readers never see half a step.</summary>
    internal T Step<T>(Func<T> step)
    {
        lock (_gate)
            return step();
    }

    /// <summary>So many bytes are received and not committed now.</summary>
    internal void Holds(long bytes)
    {
        Interlocked.Exchange(ref _bytesInFlight, bytes);
        var peak = Interlocked.Read(ref _peakBytesInFlight);
        while (bytes > peak)
            peak = Interlocked.CompareExchange(ref _peakBytesInFlight, bytes, peak) is var before && before == peak ? bytes : before;
    }

    internal void Failed(string? failure)
    {
        lock (_gate)
            _failure = failure;
    }

    internal void Committed(ReplicaPlan plan, long keysDelta)
    {
        List<Waiter>? woken = null;
        lock (_gate)
        {
            _counters += plan.Counters;
            _keys += keysDelta;
            foreach (var (key, epoch) in plan.WentBack)
                _wentBack = WentBackKeys.Add(_wentBack, key, epoch);
            foreach (var key in plan.Unpark)
                _parkedKeys.TryRemove(key, out _);
            foreach (var parked in plan.Park)
                _parkedKeys[parked.Key] = ParkedMark.Of(parked);
            foreach (var change in plan.Waiting)
                Take(change);
            if (_waiters.Count > 0)
                woken = Wake(plan.Rows, plan.Park);
        }
        foreach (var waiter in woken ?? [])
            waiter.Done.TrySetResult();
    }

    internal Waiter AddWaiter(string key, StateRevision revision)
    {
        var waiter = new Waiter(key, revision);
        lock (_gate)
        {
            if (!_waiters.TryGetValue(key, out var list))
                _waiters[key] = list = [];
            list.Add(waiter);
        }
        return waiter;
    }

    internal void RemoveWaiter(Waiter waiter)
    {
        lock (_gate)
            if (_waiters.TryGetValue(waiter.Key, out var list) && list.Remove(waiter) && list.Count == 0)
                _waiters.Remove(waiter.Key);
    }

    private List<Waiter> Wake(IReadOnlyList<ReplicaRow> rows, IReadOnlyList<ParkedEvent> park)
    {
        var woken = new List<Waiter>();
        foreach (var row in rows)
            if (_waiters.TryGetValue(row.Key, out var list))
                woken.AddRange(list.Where(w => w.Revision <= row.Revision));
        foreach (var parked in park)
            if (_waiters.TryGetValue(parked.Key, out var list))
                woken.AddRange(list.Where(w => ParkedMark.Of(parked).Concerns(w.Revision)));
        return woken;
    }

    private long EndOf(LaneId lane)
    {
        foreach (var end in _progress?.Newest?.Ends ?? [])
            if (end.Lane == lane)
                return end.Position;
        return 0;
    }

    /// <summary>What is parked of a key.</summary>
    private sealed record ParkedMark(string Reason, StateRevision? Revision)
    {
        public static ParkedMark Of(ParkedEvent parked) => new(parked.Reason, parked.Event?.Revision);

        /// <summary>Whether it is what a wait for this revision waits for. An older one is not: what is waited for may still come. One without an envelope may be.</summary>
        public bool Concerns(StateRevision revision) => Revision is not { } known || revision <= known;
    }

    internal sealed record Waiter(string Key, StateRevision Revision)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
