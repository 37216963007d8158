using System.Data.Common;
using Statecast.Events;

namespace Statecast.Publishing.Explicit;

/// <summary>
/// Publishes what code without EF Core changed. With a database (ADO.NET, Dapper) inside that code's own transaction: same heads, same outbox, same revisions
/// as a captured save, and an event exists if and only if the transaction commits. Without one, from memory and within this process.
/// Safe to use from several threads, one transaction each.
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

    /// <summary>
    /// Publishes states of a component without a database, over the in-process carrier; one after another, each by itself. A state that did not change
    /// publishes nothing. Synchronous mode (the default): returns when the replica in this service has applied them all and its handlers have run once for each,
    /// whatever one of them throws; called from inside a handler, when they are applied. Queued mode: returns when the events are accepted.
    /// </summary>
    /// <param name="writes">What changed, with the states.</param>
    /// <param name="ct">Ends the wait; what was accepted by then is applied and handled all the same.</param>
    /// <returns>The tokens in the order given; none for a key that never was there.</returns>
    /// <exception cref="Exception">What a handler threw in synchronous mode, as it threw it; an <see cref="AggregateException"/> if several did. The state stays applied, and the handler is tried again.</exception>
    /// <exception cref="Replicas.StateParkedException">The replica cannot apply a state.</exception>
    /// <exception cref="Contracts.StateValueException">A state holds a value that cannot travel; nothing was published.</exception>
    /// <exception cref="CaptureException">A state is larger than an event may be, as Avro; nothing was published.</exception>
    /// <exception cref="SourceException">A contract is not published, or not without a database; or the host is not running.</exception>
    ValueTask<IReadOnlyList<StateToken>> PublishAsync(IReadOnlyList<StateWrite> writes, CancellationToken ct = default);

    /// <summary>Captures in a transaction, for code that does not wait asynchronously.</summary>
    IReadOnlyList<StateToken> Publish(DbTransaction transaction, IReadOnlyList<StateWrite> writes);
}
