using System.Data.Common;

namespace Statecast.Publishing;

/// <summary>The application's connection and transaction, and whether the caller must not be left waiting asynchronously.</summary>
/// <param name="Connection">An open connection.</param>
/// <param name="Transaction">The transaction in which the application's own changes were written; null in a <c>System.Transactions</c> scope, where the database supports one.</param>
/// <param name="Synchronous">True where the application called a synchronous method: the result must be complete on return.</param>
/// <param name="CancellationToken">Ends the work; the transaction is then the application's to roll back.</param>
public readonly record struct CaptureScope(
    DbConnection Connection,
    DbTransaction? Transaction,
    bool Synchronous,
    CancellationToken CancellationToken
)
{
    /// <summary>Whether a statement of this transaction wrote rows already: a database with one write lock is then known to hold it.</summary>
    public bool Wrote { get; init; }

    /// <summary>Whether it only looks: no lock is taken, and what is read may be changed by others at once.</summary>
    public bool OnlyReads { get; init; }
}
