using System.Runtime.CompilerServices;
using Statecast.Events;

namespace Statecast.Replicas.InMemory;

/// <summary>Parked events and pending changes of a replica in memory; shares the store's gate.</summary>
internal sealed class MemoryInbox(Lock gate, Dictionary<string, ParkedEvent> parked, Action<string, string> markSeen) : IReplicaInbox
{
    private readonly Dictionary<(string Handler, string Key), PendingChange> _pending = [];

    public async IAsyncEnumerable<ParkedEvent> ParkedAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        ParkedEvent[] all;
        lock (gate)
            all = [.. parked.Values.OrderBy(p => p.ParkedAt)];
        foreach (var each in all)
            yield return each;
    }

    public ValueTask<IReadOnlyList<PendingChange>> PendingAsync(DateTimeOffset? dueAt, int limit, CancellationToken ct)
    {
        lock (gate)
        {
            IReadOnlyList<PendingChange> due =
            [
                .. _pending.Values.Where(p => dueAt is null || p.NextTry <= dueAt).OrderBy(p => p.CapturedAt).Take(limit),
            ];
            return new(due);
        }
    }

    public ValueTask CompleteAsync(PendingChange change, CancellationToken ct)
    {
        lock (gate)
        {
            if (_pending.TryGetValue((change.Handler, change.Key), out var now))
            {
                if (now.Revision == change.Revision)
                    _pending.Remove((change.Handler, change.Key));
                else
                    _pending[(change.Handler, change.Key)] = now with { Previous = change.Current };
            }
            markSeen(change.Handler, change.Key);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask FailAsync(PendingChange change, string reason, DateTimeOffset? nextTry, CancellationToken ct)
    {
        lock (gate)
            if (_pending.TryGetValue((change.Handler, change.Key), out var now) && now.Revision == change.Revision)
                _pending[(change.Handler, change.Key)] = now with { Attempts = now.Attempts + 1, Reason = reason, NextTry = nextTry };
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> ResolveAsync(string handler, string key, bool drop, CancellationToken ct)
    {
        lock (gate)
        {
            if (!_pending.TryGetValue((handler, key), out var now))
                return new(false);
            if (drop)
                _pending.Remove((handler, key));
            else
                _pending[(handler, key)] = now with { NextTry = DateTimeOffset.MinValue, Attempts = 0 };
            return new(true);
        }
    }

    /// <summary>Called under the gate.</summary>
    public void Upsert(PendingChange change)
    {
        // The newest state replaces and revives; what the handler last finished with stays.
        _pending[(change.Handler, change.Key)] = _pending.TryGetValue((change.Handler, change.Key), out var old)
            ? change with
            {
                Previous = old.Previous,
                Causes = Causes.Join(old.Causes, change.Causes),
            }
            : change;
    }
}
