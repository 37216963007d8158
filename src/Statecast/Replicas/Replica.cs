using System.Runtime.CompilerServices;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Events;

namespace Statecast.Replicas;

/// <summary>The reading side of one replica.</summary>
internal sealed class Replica<TKey, TState>(
    StateContract<TKey, TState> contract,
    Subscription subscription,
    RowDecoder<TKey, TState> decoder,
    IReadOnlyList<StateIndex<TState>> indexes,
    TimeSpan readTimeout,
    TimeProvider clock
) : IReplica<TKey, TState>
    where TKey : notnull
    where TState : class
{
    private readonly IReplicaStore _store = subscription.Store;
    private readonly ReplicaStatus _status = subscription.Status;

    public ReplicaState State => _status.State;

    public Freshness Freshness => _status.Freshness;

    public async ValueTask<TState?> GetAsync(TKey key, StateToken? atLeast, ReadOptions options, CancellationToken ct)
    {
        var text = contract.FormatKey(key);
        _status.Held?.Require(_status.Name, text);
        if (atLeast is not null)
            await WaitForAsync(atLeast, readTimeout, ct).ConfigureAwait(false);
        RequireComplete(options);
        if (_status.ParkedReason(text) is { } reason)
            throw new StateParkedException(_status.Name, text, reason);
        // Before the row: its base may come in between.
        var waits = _status.IsWaiting(text);
        // In the first moments the store is not open yet: nothing is here, and absence means nothing.
        var row = _status.IsOpen ? await _store.FindAsync(text, ct).ConfigureAwait(false) : null;
        // Taken away meanwhile: what was read may be old already.
        _status.Held?.Require(_status.Name, text);
        if (row is not (null or { Deleted: true }))
            return decoder.Decode(row);
        return waits ? throw new StateWaitingException(_status.Name, text) : null;
    }

    public async IAsyncEnumerable<KeyValuePair<TKey, TState>> EnumerateAsync(
        ReadOptions options,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        RequireComplete(options);
        if (!_status.IsOpen)
            yield break;
        await foreach (var row in _store.EnumerateAsync(ct).ConfigureAwait(false))
            if (Serves(row) && decoder.DecodeUnlessUnreadable(row) is { } state)
                yield return new(contract.ParseKey(row.Key), state);
    }

    public IAsyncEnumerable<KeyValuePair<TKey, TState>> QueryAsync<TValue>(
        StateIndex<TState, TValue> index,
        TValue value,
        ReadOptions options,
        CancellationToken ct
    )
        where TValue : notnull
    {
        if (!indexes.Contains(index))
            throw new ArgumentException(
                $"The index '{index.Name}' is not declared for replica '{_status.Name}': add .Index({index.Name}) to its registration.",
                nameof(index)
            );
        RequireComplete(options);
        return Query(index.Name, StateIndex<TState, TValue>.TextOf(value), ct);
    }

    public async ValueTask WaitForAsync(StateToken token, TimeSpan timeout, CancellationToken ct)
    {
        if (token.Contract != contract.Name)
            throw new ArgumentException($"The token is of contract '{token.Contract}', this replica of '{contract.Name}'.", nameof(token));
        _status.Held?.Require(_status.Name, token.Key);
        // Registered before the row is looked at, so that a commit in between is not missed.
        var waiter = _status.AddWaiter(token.Key, token.Revision);
        try
        {
            if (await Holds(token, ct).ConfigureAwait(false))
                return;
            ThrowIfParked(token);
            await waiter.Done.Task.WaitAsync(timeout, clock, ct).ConfigureAwait(false);
            if (await Holds(token, ct).ConfigureAwait(false))
                return;
            ThrowIfParked(token);
            // It was dropped in the same moment.
            throw new StateParkedException(_status.Name, token.Key, "the event could not be applied.");
        }
        catch (TimeoutException)
        {
            ThrowIfParked(token);
            throw new ReplicaBehindException(token, timeout, _status.Freshness);
        }
        finally
        {
            _status.RemoveWaiter(waiter);
        }
    }

    private void ThrowIfParked(StateToken token)
    {
        if (_status.ParkedReason(token.Key, token.Revision) is { } reason)
            throw new StateParkedException(_status.Name, token.Key, reason);
    }

    private async ValueTask<bool> Holds(StateToken token, CancellationToken ct)
    {
        if (!_status.IsOpen || await _store.FindAsync(token.Key, ct).ConfigureAwait(false) is not { } row || row.Revision < token.Revision)
            return false;
        // Whoever waits for a state is its first reader: one that nobody can read is not here.
        if (!row.Deleted)
            decoder.CheckUndecoded(row);
        return true;
    }

    private async IAsyncEnumerable<KeyValuePair<TKey, TState>> Query(
        string index,
        string value,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        if (!_status.IsOpen)
            yield break;
        await foreach (var row in _store.QueryAsync(index, value, ct).ConfigureAwait(false))
            if (Serves(row) && decoder.DecodeUnlessUnreadable(row) is { } state)
                yield return new(contract.ParseKey(row.Key), state);
    }

    // Rows of lanes that another instance holds now are kept aside.
    private bool Serves(ReplicaRow row) => _status.Held?.Serves(row.Key) ?? true;

    private void RequireComplete(ReadOptions options)
    {
        if (options == ReadOptions.Complete && !_status.WasLive)
            throw new ReplicaNotReadyException(_status.Name, _status.State);
    }
}
