using System.Data.Common;

namespace Statecast.Publishing.Explicit;

/// <summary>
/// How the states of one contract are read from a database without EF Core: for the republisher, which sends everything again for a new target or a changed
/// contract, and for <see cref="StateWrite.Changed{TState}"/>. Called inside a transaction, never by two threads at once for one transaction.
/// </summary>
/// <typeparam name="TKey">The contract's key.</typeparam>
/// <typeparam name="TState">The contract.</typeparam>
public interface IStateRows<TKey, TState>
    where TKey : notnull
    where TState : class
{
    /// <summary>The states of those keys that are there, in any order; as committed or as this transaction changed them.</summary>
    /// <param name="transaction">The transaction to read in; its connection is open.</param>
    /// <param name="keys">At least one, at most some hundred.</param>
    /// <param name="ct">Ends the work.</param>
    ValueTask<IReadOnlyList<TState>> FindAsync(DbTransaction transaction, IReadOnlyList<TKey> keys, CancellationToken ct);

    /// <summary>The next keys, in any fixed order by key, for example <c>WHERE @first OR id &gt; @after ORDER BY id LIMIT @limit</c>. Fewer than the limit is the end.</summary>
    /// <param name="transaction">The transaction to read in; its connection is open.</param>
    /// <param name="page">Where to begin, and how many.</param>
    /// <param name="ct">Ends the work.</param>
    ValueTask<IReadOnlyList<TKey>> NextKeysAsync(DbTransaction transaction, KeyPage<TKey> page, CancellationToken ct);
}

/// <summary>A page of keys.</summary>
/// <param name="First">Whether it is the first one: <paramref name="After"/> then has no meaning.</param>
/// <param name="After">The last key of the page before.</param>
/// <param name="Limit">The most keys.</param>
public readonly record struct KeyPage<TKey>(bool First, TKey After, int Limit);
