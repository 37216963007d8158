using Statecast.Contracts;
using Statecast.Events;

namespace Statecast.Publishing.Explicit;

/// <summary>One changed piece of state, for <see cref="IStatePublisher"/>: its state, its end, or that it is to be read back.</summary>
public sealed class StateWrite
{
    private StateWrite(StateContract contract, string key, object? state, bool readBack, string? cause)
    {
        if (cause is not null)
            Causes.Check(cause);
        (Contract, Key, State, IsReadBack, Cause) = (contract, key, state, readBack, cause);
    }

    /// <summary>The contract.</summary>
    public StateContract Contract { get; }

    /// <summary>The text form of the key.</summary>
    public string Key { get; }

    /// <summary>Why it changed, or null.</summary>
    public string? Cause { get; }

    internal object? State { get; }

    internal bool IsReadBack { get; }

    /// <summary>The key's new state, complete. Two transactions that change one key at once must each hand over what they will commit: where they may not know, use <see cref="Changed{TState}"/>.</summary>
    /// <param name="state">The state.</param>
    /// <param name="cause">A short name for why, for example <c>OrderPaid</c>; null for none.</param>
    /// <exception cref="StateValueException">The key cannot travel.</exception>
    public static StateWrite Upsert<TState>(TState state, string? cause = null)
        where TState : class, IStateContract<TState>
    {
        ArgumentNullException.ThrowIfNull(state);
        return new(TState.Contract, TState.Contract.KeyTextOf(state), state, readBack: false, cause);
    }

    /// <summary>The key's state is gone.</summary>
    /// <param name="key">The key, of the contract's key type.</param>
    /// <param name="cause">A short name for why; null for none.</param>
    /// <exception cref="ArgumentException">The key is not of the contract's key type.</exception>
    public static StateWrite Delete<TState>(object key, string? cause = null)
        where TState : class, IStateContract<TState> =>
        new(TState.Contract, TState.Contract.FormatKeyObject(key), null, readBack: false, cause);

    /// <summary>The key changed; its state, if it still has one, is read back from the rows under the key's lock (<see cref="IStateRows{TKey, TState}.FindAsync"/>).</summary>
    /// <param name="key">The key, of the contract's key type.</param>
    /// <param name="cause">A short name for why; null for none.</param>
    /// <exception cref="ArgumentException">The key is not of the contract's key type.</exception>
    public static StateWrite Changed<TState>(object key, string? cause = null)
        where TState : class, IStateContract<TState> =>
        new(TState.Contract, TState.Contract.FormatKeyObject(key), null, readBack: true, cause);
}
