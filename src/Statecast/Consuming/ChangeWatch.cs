using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>One caller's wait until a state of a key is applied and, if it wants to know, every handler has run once since. Touched under its list's gate.</summary>
/// <param name="key">The key.</param>
/// <param name="handlersToo">Whether the handlers' first run is waited for.</param>
internal sealed class ChangeWatch(string key, bool handlersToo)
{
    // What happened before the revision was known counts too: the watch is set up before the event is accepted.
    private readonly List<(StateRevision Revision, IReadOnlyList<string> Handlers)> _applied = [];
    private readonly Dictionary<string, (StateRevision Revision, Exception? Failure)> _ended = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StateRevision? _wanted;

    public string Key { get; } = key;

    /// <summary>Completes when all is done; fails with what the handlers threw, side by side, or with why the state cannot be applied.</summary>
    public Task Done => _done.Task;

    public void Want(StateRevision revision)
    {
        _wanted = revision;
        Check();
    }

    /// <summary>A state was committed, and these handlers will run for it.</summary>
    public void Applied(StateRevision revision, IReadOnlyList<string> handlers)
    {
        _applied.Add((revision, handlers));
        Check();
    }

    /// <summary>A handler's run ended; a later run of a handler that has run since counts for nothing.</summary>
    public void Ended(string handler, StateRevision revision, Exception? failure)
    {
        if (_wanted is null || !(_ended.TryGetValue(handler, out var before) && before.Revision >= _wanted))
            _ended[handler] = (revision, failure);
        Check();
    }

    public void Fail(Exception failure) => _done.TrySetException(failure);

    private void Check()
    {
        if (_wanted is not { } wanted || _applied.FindIndex(a => a.Revision >= wanted) is var first && first < 0)
            return;
        var failures = new List<Exception>();
        foreach (var handler in handlersToo ? _applied[first].Handlers : [])
        {
            if (!_ended.TryGetValue(handler, out var ended) || ended.Revision < wanted)
                return;
            if (ended.Failure is not null)
                failures.Add(ended.Failure);
        }
        if (failures.Count == 0)
            _done.TrySetResult();
        else
            _done.TrySetException(failures);
    }
}

/// <summary>The watches of one replica. Told by its apply and handler loops; safe for any number of threads.</summary>
internal sealed class ChangeWatches
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<ChangeWatch>> _watches = new(StringComparer.Ordinal);
    private Exception? _closed;

    /// <summary>Begins a wait; before the event it waits for is accepted, so that nothing is missed.</summary>
    public ChangeWatch Add(string key, bool handlersToo)
    {
        var watch = new ChangeWatch(key, handlersToo);
        lock (_gate)
        {
            if (_closed is not null)
                watch.Fail(_closed);
            if (!_watches.TryGetValue(key, out var list))
                _watches[key] = list = new(1);
            list.Add(watch);
        }
        return watch;
    }

    /// <summary>Says which revision is waited for.</summary>
    public void Want(ChangeWatch watch, StateRevision revision)
    {
        lock (_gate)
            watch.Want(revision);
    }

    public void Remove(ChangeWatch watch)
    {
        lock (_gate)
            if (_watches.TryGetValue(watch.Key, out var list) && list.Remove(watch) && list.Count == 0)
                _watches.Remove(watch.Key);
    }

    /// <summary>A plan is in the replica's store.</summary>
    public void Committed(ReplicaPlan plan, string replica)
    {
        lock (_gate)
        {
            if (_watches.Count == 0)
                return;
            foreach (var row in plan.Rows)
            foreach (var watch in Of(row.Key))
                watch.Applied(row.Revision, [.. plan.Pending.Where(p => p.Key == row.Key).Select(p => p.Handler)]);
            foreach (var parked in plan.Park)
            foreach (var watch in Of(parked.Key))
                watch.Fail(new StateParkedException(replica, parked.Key, parked.Reason));
        }
    }

    /// <summary>The store was looked at again after a commit whose outcome was not known: what it holds of these keys may have been applied unheard, and its handlers with it.</summary>
    public void Found(IEnumerable<ReplicaRow> rows)
    {
        lock (_gate)
            foreach (var row in rows)
            foreach (var watch in Of(row.Key))
                watch.Applied(row.Revision, []);
    }

    /// <summary>Keys that somebody watches.</summary>
    public IReadOnlyList<string> Keys
    {
        get
        {
            lock (_gate)
                return [.. _watches.Keys];
        }
    }

    /// <summary>A handler's run over a change ended.</summary>
    public void Ended(PendingChange change, Exception? failure)
    {
        lock (_gate)
            foreach (var watch in Of(change.Key))
                watch.Ended(change.Handler, change.Revision, failure);
    }

    /// <summary>Nothing is applied any more.</summary>
    public void Close(Exception why)
    {
        lock (_gate)
        {
            _closed = why;
            foreach (var watch in _watches.Values.SelectMany(w => w))
                watch.Fail(why);
        }
    }

    private IReadOnlyList<ChangeWatch> Of(string key) => _watches.TryGetValue(key, out var list) ? list : [];
}
