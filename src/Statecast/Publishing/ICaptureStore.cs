using System.Data.Common;
using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>
/// Reads and writes heads and outbox rows inside the application's own transaction, as plain SQL over its connection.
/// Stateless; one per database technology.
/// </summary>
public interface ICaptureStore
{
    /// <summary>Locks the heads of these keys until the transaction ends, in the order given, and returns them; a key never published gets a head at revision 0.</summary>
    ValueTask<IReadOnlyList<Head>> LockAsync(CaptureScope scope, string contract, IReadOnlyList<string> keys);

    /// <summary>Raises heads and adds outbox rows, in as few round trips as the database allows.</summary>
    ValueTask WriteAsync(CaptureScope scope, IReadOnlyList<HeadWrite> heads, IReadOnlyList<OutboxRow> rows);

    /// <summary>Keys of heads at or above revision 1 after a key, in key order and within a bucket range: the republisher's walk.</summary>
    ValueTask<IReadOnlyList<string>> WalkAsync(
        CaptureScope scope,
        string contract,
        string? after,
        int firstBucket,
        int lastBucket,
        int limit
    );

    /// <summary>The source's epoch.</summary>
    ValueTask<long> ReadEpochAsync(CaptureScope scope);
}

/// <summary>The application's connection and transaction, and whether the caller must not be left waiting asynchronously.</summary>
/// <param name="Connection">An open connection.</param>
/// <param name="Transaction">The transaction in which the application's own changes were written.</param>
/// <param name="Synchronous">True where the application called a synchronous method: the result must be complete on return.</param>
/// <param name="CancellationToken">Ends the work; the transaction is then the application's to roll back.</param>
public readonly record struct CaptureScope(
    DbConnection Connection,
    DbTransaction Transaction,
    bool Synchronous,
    CancellationToken CancellationToken
);

/// <summary>A head's new values.</summary>
/// <param name="Contract">The contract's name.</param>
/// <param name="Key">The text form of the key.</param>
/// <param name="Head">The new head.</param>
/// <param name="OperationId">The id of the capturing operation: the probe for a lost commit answer.</param>
public readonly record struct HeadWrite(string Contract, string Key, Head Head, Guid OperationId);

/// <summary>What an adapter package brings for one database technology. Registered by its <c>Use…</c> call; chosen by the context's provider name.</summary>
public interface IDatabaseAdapter
{
    /// <summary>The EF Core provider's name, for example <c>Microsoft.EntityFrameworkCore.Sqlite</c>.</summary>
    string ProviderName { get; }

    /// <summary>Capture's SQL.</summary>
    ICaptureStore Capture { get; }

    /// <summary>Checks the database (library version, settings) and opens the relay's view of it.</summary>
    /// <param name="connectionString">How the application connects.</param>
    IOutboxStore OpenOutbox(string connectionString);
}
