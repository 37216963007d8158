using Statecast.Contracts;
using Statecast.Hosting;

namespace Statecast.Publishing;

/// <summary>Republishing by contract type (see <see cref="IStatecast"/>).</summary>
public static class RepublishExtensions
{
    /// <summary>
    /// Says every state of a contract again: after rows were changed past capture (a migration, a bulk statement, another program), or after a map or
    /// predicate changed. What changed is captured as a change; the rest travels as Snapshot and runs no handlers.
    /// </summary>
    /// <exception cref="ArgumentException">No source of this service publishes the contract.</exception>
    public static Task RepublishAsync<TState>(this IStatecast statecast, CancellationToken ct = default)
        where TState : class, IStateContract<TState> => statecast.RepublishAsync(TState.Contract.Name, null, ct);

    /// <summary>Says some states of a contract again.</summary>
    /// <param name="statecast">The service.</param>
    /// <param name="keys">Keys of the contract's key type.</param>
    /// <param name="ct">Ends the call, not what it queued.</param>
    /// <exception cref="ArgumentException">No source of this service publishes the contract, or a key is of another type.</exception>
    public static Task RepublishAsync<TState>(this IStatecast statecast, IEnumerable<object> keys, CancellationToken ct = default)
        where TState : class, IStateContract<TState>
    {
        var contract = TState.Contract;
        var texts = keys.Select(contract.FormatKeyObject).Distinct(StringComparer.Ordinal).ToList();
        return statecast.RepublishAsync(contract.Name, texts, ct);
    }

    /// <summary>Says part of a contract's states again.</summary>
    /// <param name="statecast">The service.</param>
    /// <param name="buckets">Which part, for example <c>BucketRange.Part(0, 8)</c>.</param>
    /// <param name="ct">Ends the call, not what it queued.</param>
    /// <exception cref="ArgumentException">No source of this service publishes the contract.</exception>
    public static Task RepublishAsync<TState>(this IStatecast statecast, BucketRange buckets, CancellationToken ct = default)
        where TState : class, IStateContract<TState> => statecast.RepublishAsync(TState.Contract.Name, buckets, ct);
}
