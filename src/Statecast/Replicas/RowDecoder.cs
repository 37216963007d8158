using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Serialization;

namespace Statecast.Replicas;

/// <summary>Reads stored states for users.</summary>
/// <param name="contract">The contract.</param>
/// <param name="reader">Reads bodies.</param>
/// <param name="replica">The replica's name.</param>
/// <param name="unreadable">Told of a row whose body nobody decoded before and that cannot be decoded; null where every body was decoded when it was applied.</param>
internal sealed class RowDecoder<TKey, TState>(
    StateContract<TKey, TState> contract,
    StateReader<TState> reader,
    string replica,
    Action<ReplicaRow, string>? unreadable
)
    where TKey : notnull
    where TState : class
{
    /// <summary>The row's state.</summary>
    /// <exception cref="StateParkedException">Its first reader finds that it is none: the row is parked now.</exception>
    /// <exception cref="ReplicaStoreException">It was readable when it was applied: the store changed underneath.</exception>
    public TState Decode(ReplicaRow row) =>
        TryDecode(row, out var state, out var reason) ? state : throw new StateParkedException(replica, row.Key, reason);

    /// <summary>The row's state; null if its first reader finds that it is none: one bad event must not end a walk over all others.</summary>
    public TState? DecodeUnlessUnreadable(ReplicaRow row) => TryDecode(row, out var state, out _) ? state : null;

    /// <summary>Reads a row whose body nobody may have decoded before, for what it throws.</summary>
    /// <exception cref="StateParkedException">Its first reader finds that it is none: the row is parked now.</exception>
    public void CheckUndecoded(ReplicaRow row)
    {
        if (unreadable is not null)
            Decode(row);
    }

    private bool TryDecode(ReplicaRow row, out TState state, out string reason)
    {
        try
        {
            state = row.State as TState ?? reader.Decode(StoredBody.Of(row));
            reason =
                unreadable is not null && contract.KeyTextOf(state) is var key && key != row.Key
                    ? $"the envelope names key '{row.Key}', the body is of key '{key}'."
                    : "";
        }
        catch (Exception e) when (unreadable is not null && e is (StateFormatException or StateValueException or NotSupportedException))
        {
            (state, reason) = (null!, e.Message);
        }
        catch (StateFormatException e)
        {
            throw new ReplicaStoreException(
                $"The stored state of key '{row.Key}' in replica '{replica}' cannot be read ({e.Message}): the store is damaged. Delete it and let it bootstrap.",
                e
            );
        }
        if (reason.Length == 0)
            return true;
        unreadable!(row, reason);
        return false;
    }
}
