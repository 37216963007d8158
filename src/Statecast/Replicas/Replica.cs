using System.Runtime.CompilerServices;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Replicas;

/// <summary>The reading side of one replica.</summary>
internal sealed class Replica<TKey, TState>(
    StateContract<TKey, TState> contract,
    IReplicaStore store,
    StateReader<TState> reader,
    IReadOnlyList<StateIndex<TState>> indexes,
    ReplicaStatus status,
    TimeSpan readTimeout,
    TimeProvider clock
) : IReplica<TKey, TState>
    where TKey : notnull
    where TState : class
{
    public ReplicaState State => status.State;

    public Freshness Freshness => status.Freshness;

    public async ValueTask<TState?> GetAsync(TKey key, StateToken? atLeast, ReadOptions options, CancellationToken ct)
    {
        if (atLeast is not null)
            await WaitForAsync(atLeast, readTimeout, ct).ConfigureAwait(false);
        RequireComplete(options);
        var text = contract.FormatKey(key);
        if (status.ParkedReason(text) is { } reason)
            throw new StateParkedException(status.Name, text, reason);
        // In the first moments the store is not open yet: nothing is here, and absence means nothing.
        var row = status.IsOpen ? await store.FindAsync(text, ct).ConfigureAwait(false) : null;
        return row is null or { Deleted: true } ? null : Decode(row);
    }

    public async IAsyncEnumerable<KeyValuePair<TKey, TState>> EnumerateAsync(
        ReadOptions options,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        RequireComplete(options);
        if (!status.IsOpen)
            yield break;
        await foreach (var row in store.EnumerateAsync(ct).ConfigureAwait(false))
            yield return new(contract.ParseKey(row.Key), Decode(row));
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
                $"The index '{index.Name}' is not declared for replica '{status.Name}': add .Index({index.Name}) to its registration.",
                nameof(index)
            );
        RequireComplete(options);
        return Query(index.Name, StateIndex<TState, TValue>.TextOf(value), ct);
    }

    public async ValueTask WaitForAsync(StateToken token, TimeSpan timeout, CancellationToken ct)
    {
        if (token.Contract != contract.Name)
            throw new ArgumentException($"The token is of contract '{token.Contract}', this replica of '{contract.Name}'.", nameof(token));
        // Registered before the row is looked at, so that a commit in between is not missed.
        var waiter = status.AddWaiter(token.Key, token.Revision);
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
            throw new StateParkedException(status.Name, token.Key, "the event could not be applied.");
        }
        catch (TimeoutException)
        {
            ThrowIfParked(token);
            throw new ReplicaBehindException(token, timeout, status.Freshness);
        }
        finally
        {
            status.RemoveWaiter(waiter);
        }
    }

    private void ThrowIfParked(StateToken token)
    {
        if (status.ParkedReason(token.Key, token.Revision) is { } reason)
            throw new StateParkedException(status.Name, token.Key, reason);
    }

    private async ValueTask<bool> Holds(StateToken token, CancellationToken ct) =>
        status.IsOpen && await store.FindAsync(token.Key, ct).ConfigureAwait(false) is { } row && row.Revision >= token.Revision;

    private async IAsyncEnumerable<KeyValuePair<TKey, TState>> Query(
        string index,
        string value,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        if (!status.IsOpen)
            yield break;
        await foreach (var row in store.QueryAsync(index, value, ct).ConfigureAwait(false))
            yield return new(contract.ParseKey(row.Key), Decode(row));
    }

    private TState Decode(ReplicaRow row)
    {
        try
        {
            return row.State as TState ?? reader.Decode(new StoredBody(row.Codec, row.Schema, row.Body));
        }
        catch (StateFormatException e)
        {
            // It was readable when it was applied: the store changed underneath.
            throw new ReplicaStoreException(
                $"The stored state of key '{row.Key}' in replica '{status.Name}' cannot be read ({e.Message}): the store is damaged. Delete it and let it bootstrap.",
                e
            );
        }
    }

    private void RequireComplete(ReadOptions options)
    {
        if (options == ReadOptions.Complete && !status.WasLive)
            throw new ReplicaNotReadyException(status.Name, status.State);
    }
}
