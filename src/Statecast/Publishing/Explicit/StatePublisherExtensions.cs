using System.Data.Common;
using Statecast.Contracts;
using Statecast.Events;

namespace Statecast.Publishing.Explicit;

/// <summary>Publishing one piece of state.</summary>
public static class StatePublisherExtensions
{
    /// <summary>Publishes a state's new value without a database; see <see cref="IStatePublisher.PublishAsync(IReadOnlyList{StateWrite}, CancellationToken)"/>.</summary>
    /// <returns>Its token.</returns>
    public static ValueTask<StateToken> PublishAsync<TState>(this IStatePublisher publisher, TState state, CancellationToken ct = default)
        where TState : class, IStateContract<TState> => publisher.PublishAsync(state, cause: null, ct);

    /// <summary>Publishes a state's new value without a database, and why it changed; see <see cref="IStatePublisher.PublishAsync(IReadOnlyList{StateWrite}, CancellationToken)"/>.</summary>
    /// <returns>Its token.</returns>
    public static async ValueTask<StateToken> PublishAsync<TState>(
        this IStatePublisher publisher,
        TState state,
        string? cause,
        CancellationToken ct = default
    )
        where TState : class, IStateContract<TState> =>
        (await publisher.PublishAsync([StateWrite.Upsert(state, cause)], ct).ConfigureAwait(false))[0];

    /// <summary>Publishes without a database that a state is gone; see <see cref="IStatePublisher.PublishAsync(IReadOnlyList{StateWrite}, CancellationToken)"/>, which takes a cause.</summary>
    /// <returns>Its token; null if it was never published.</returns>
    public static async ValueTask<StateToken?> DeleteAsync<TState>(
        this IStatePublisher publisher,
        object key,
        CancellationToken ct = default
    )
        where TState : class, IStateContract<TState> =>
        await publisher.PublishAsync([StateWrite.Delete<TState>(key)], ct).ConfigureAwait(false) is [var token] ? token : null;

    /// <summary>Captures a state's new value in a transaction; see <see cref="IStatePublisher.PublishAsync(DbTransaction, IReadOnlyList{StateWrite}, CancellationToken)"/>.</summary>
    /// <returns>Its token, valid once the transaction committed.</returns>
    public static async ValueTask<StateToken> PublishAsync<TState>(
        this IStatePublisher publisher,
        DbTransaction transaction,
        TState state,
        string? cause = null,
        CancellationToken ct = default
    )
        where TState : class, IStateContract<TState> =>
        (await publisher.PublishAsync(transaction, [StateWrite.Upsert(state, cause)], ct).ConfigureAwait(false))[0];

    /// <summary>Captures in a transaction that a state is gone; see <see cref="IStatePublisher.PublishAsync(DbTransaction, IReadOnlyList{StateWrite}, CancellationToken)"/>.</summary>
    /// <returns>Its token, valid once the transaction committed; null if it was never published.</returns>
    public static async ValueTask<StateToken?> DeleteAsync<TState>(
        this IStatePublisher publisher,
        DbTransaction transaction,
        object key,
        string? cause = null,
        CancellationToken ct = default
    )
        where TState : class, IStateContract<TState> =>
        await publisher.PublishAsync(transaction, [StateWrite.Delete<TState>(key, cause)], ct).ConfigureAwait(false) is [var token]
            ? token
            : null;
}
