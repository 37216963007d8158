using System.Data.Common;
using Statecast.Events;

namespace Statecast.Publishing.Explicit;

/// <summary>
/// Publishes what code without EF Core changed (ADO.NET, Dapper), inside that code's own transaction: same heads, same outbox, same revisions as a captured save.
/// An event exists if and only if the transaction commits. Safe to use from several threads, one transaction each.
/// </summary>
public interface IStatePublisher
{
    /// <summary>Captures states in a transaction. Call it after the statements that changed the rows, as the last thing before the commit.</summary>
    /// <param name="transaction">The transaction that changed the rows, of the database that publishes their contracts. Not ended here.</param>
    /// <param name="writes">What changed. Several of one key count as one: the last one's state, all causes.</param>
    /// <param name="ct">Ends the work; the transaction is then the caller's to roll back.</param>
    /// <returns>The token of every key, in the order of contract and key; none for a key that never was there. Valid once the transaction committed.</returns>
    /// <exception cref="CaptureException">A state cannot be published, for example because it is too large. Roll back.</exception>
    /// <exception cref="Contracts.StateValueException">A state holds a value that cannot travel. Roll back.</exception>
    /// <exception cref="SourceException">No source publishes a contract, or its tables are missing; the message says what mends it.</exception>
    ValueTask<IReadOnlyList<StateToken>> PublishAsync(
        DbTransaction transaction,
        IReadOnlyList<StateWrite> writes,
        CancellationToken ct = default
    );

    /// <summary>The same for code that does not wait asynchronously.</summary>
    IReadOnlyList<StateToken> Publish(DbTransaction transaction, IReadOnlyList<StateWrite> writes);
}
