using System.Runtime.CompilerServices;
using Statecast.Events;

namespace Statecast.Replicas.InMemory;

/// <summary>Parked events and pending changes of a replica in memory; shares the store's gate.</summary>
internal sealed class MemoryInbox(SemaphoreSlim gate, Dictionary<string, ParkedEvent> parked, Action<string, string> markSeen)
    : IReplicaInbox
{
    /// <summary>Beyond this the two oldest steps of a change are joined: a cause may then be told twice, never lost.</summary>
    private const int MaxSteps = 32;

    private readonly Dictionary<(string Handler, string Key), Waiting> _pending = [];

    // Where a change was dropped, the row is no longer what the handler last finished with; this is, until its next change takes it over.
    private readonly Dictionary<(string Handler, string Key), StoredBody?> _beforeDrop = [];

    public async IAsyncEnumerable<ParkedEvent> ParkedAsync([EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var each in await Gated(() => parked.Values.OrderBy(p => p.ParkedAt).ToArray(), ct).ConfigureAwait(false))
            yield return each;
    }

    public async ValueTask<IReadOnlyList<PendingChange>> PendingAsync(DateTimeOffset? dueAt, int limit, CancellationToken ct) =>
        await Gated(
                () =>
                    _pending
                        .Values.Select(w => w.Change)
                        .Where(p => dueAt is null || p.NextTry <= dueAt)
                        .OrderBy(p => dueAt is null ? null : p.NextTry)
                        .ThenBy(p => p.CapturedAt)
                        .Take(limit)
                        .ToArray(),
                ct
            )
            .ConfigureAwait(false);

    public async IAsyncEnumerable<PendingChange> StalledAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var stalled = await Gated(
                () => _pending.Values.Select(w => w.Change).Where(p => p.NextTry is null).OrderBy(p => p.CapturedAt).ToArray(),
                ct
            )
            .ConfigureAwait(false);
        foreach (var each in stalled)
            yield return each;
    }

    public async ValueTask<long> CountStalledAsync(CancellationToken ct) =>
        await Gated(() => _pending.Values.LongCount(w => w.Change.NextTry is null), ct).ConfigureAwait(false);

    public async ValueTask CompleteAsync(PendingChange change, CancellationToken ct) =>
        await Gated(
                () =>
                {
                    var at = (change.Handler, change.Key);
                    if (_pending.TryGetValue(at, out var now))
                    {
                        if (now.IsStill(change))
                            _pending.Remove(at);
                        else
                            _pending[at] = now.After(change);
                    }
                    _beforeDrop.Remove(at);
                    markSeen(change.Handler, change.Key);
                    return true;
                },
                ct
            )
            .ConfigureAwait(false);

    public async ValueTask FailAsync(PendingChange change, string reason, DateTimeOffset? nextTry, CancellationToken ct) =>
        await Gated(
                () =>
                {
                    var at = (change.Handler, change.Key);
                    if (_pending.TryGetValue(at, out var now) && now.IsStill(change))
                        _pending[at] = now with
                        {
                            Change = now.Change with { Attempts = now.Change.Attempts + 1, Reason = reason, NextTry = nextTry },
                        };
                    return true;
                },
                ct
            )
            .ConfigureAwait(false);

    public async ValueTask<bool> ResolveAsync(string handler, string key, bool drop, CancellationToken ct) =>
        await Gated(
                () =>
                {
                    if (!_pending.TryGetValue((handler, key), out var now) || now.Change.NextTry is not null)
                        return false;
                    if (drop)
                    {
                        _beforeDrop[(handler, key)] = now.Change.Previous;
                        return _pending.Remove((handler, key));
                    }
                    _pending[(handler, key)] = now with { Change = now.Change with { NextTry = DateTimeOffset.MinValue, Attempts = 0 } };
                    return true;
                },
                ct
            )
            .ConfigureAwait(false);

    /// <summary>Called under the gate.</summary>
    public void Upsert(PendingChange change)
    {
        var at = (change.Handler, change.Key);
        if (_beforeDrop.Remove(at, out var previous))
            change = change with { Previous = previous };
        var step = new Step(change.Revision, change.Causes);
        // The newest state replaces and revives; what the handler last finished with stays.
        _pending[at] = _pending.TryGetValue(at, out var old)
            ? new(
                change with
                {
                    Previous = old.Change.Previous,
                    Causes = Causes.Join(old.Change.Causes, change.Causes),
                },
                Capped([.. old.Steps, step])
            )
            : new(change, [step]);
    }

    private static List<Step> Capped(List<Step> steps)
    {
        if (steps.Count > MaxSteps)
        {
            steps[1] = steps[1] with { Causes = Causes.Join(steps[0].Causes, steps[1].Causes) };
            steps.RemoveAt(0);
        }
        return steps;
    }

    private async ValueTask<T> Gated<T>(Func<T> step, CancellationToken ct)
    {
        await gate.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return step();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>A pending change and the causes of each state it stands for, so that causes told with one are not told again.</summary>
    private sealed record Waiting(PendingChange Change, IReadOnlyList<Step> Steps)
    {
        /// <summary>Whether nothing newer came; a repaired state at the same revision is newer.</summary>
        public bool IsStill(PendingChange told) => Change.Revision == told.Revision && ReferenceEquals(Change.Current, told.Current);

        public Waiting After(PendingChange told)
        {
            var rest = Steps.SkipWhile(s => s.Revision < told.Revision).ToList();
            // One only: another of the same revision is its repair.
            if (rest.Count > 1 && rest[0].Revision == told.Revision)
                rest.RemoveAt(0);
            return new(
                Change with
                {
                    Previous = told.Current,
                    Causes = rest.Aggregate((string?)null, (causes, s) => Causes.Join(causes, s.Causes)),
                },
                rest
            );
        }
    }

    /// <summary>Without the state's body: a key that changes often while its handler waits must not keep them all.</summary>
    private sealed record Step(StateRevision Revision, string? Causes);
}
