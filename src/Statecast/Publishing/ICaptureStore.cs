using System.Data.Common;
using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>
/// Reads and writes heads and outbox rows inside the application's own transaction, as plain SQL over its connection.
/// Stateless; one per database technology.
/// </summary>
/// <remarks>Where the tables are missing, every member throws a <see cref="SourceException"/> that says how to make them.</remarks>
public interface ICaptureStore
{
    /// <summary>
    /// Locks the heads of all these keys until the transaction ends, in the order given, and returns them; a key never published has a head at revision 0.
    /// In as few round trips as the database allows, however many contracts and keys there are. Reads the epoch along, so that it costs none of its own.
    /// </summary>
    /// <param name="scope">The transaction.</param>
    /// <param name="wanted">In (contract, key) order.</param>
    ValueTask<LockedHeads> LockAsync(CaptureScope scope, IReadOnlyList<HeadKeys> wanted);

    /// <summary>Raises heads and adds outbox rows, in as few round trips as the database allows. A head without a <see cref="Head.Base"/> keeps none: an earlier one would be another revision's.</summary>
    ValueTask WriteAsync(CaptureScope scope, IReadOnlyList<HeadWrite> heads, IReadOnlyList<OutboxRow> rows);

    /// <summary>
    /// Heads at or above revision 1 after a key, in an order of the database's own and within a bucket range: the republisher's walk. They are locked until the
    /// transaction ends, in the order of their keys as by <see cref="LockAsync"/>, whatever the walk's order; in one that only reads (<see cref="CaptureScope.OnlyReads"/>) they are as they stand, and what is made of
    /// them counts only once the locked head is found to be the same.
    /// </summary>
    ValueTask<IReadOnlyList<WalkedHead>> WalkAsync(
        CaptureScope scope,
        string contract,
        string? after,
        int firstBucket,
        int lastBucket,
        int limit
    );

    /// <summary>The source's epoch; a database that has none yet gets the one given.</summary>
    /// <exception cref="SourceException">The tables have another layout than <see cref="TableLayout.Version"/>.</exception>
    ValueTask<long> EnsureEpochAsync(CaptureScope scope, long epoch);

    /// <summary>
    /// A save with captured rows is over: committed, or about to be where the transaction is the application's. A relay in this process need not wait for its
    /// next look. Only a short cut: what nobody calls this for is found by looking.
    /// </summary>
    /// <param name="connection">The application's connection, open or closed.</param>
    void Saved(DbConnection connection) { }

    /// <summary>The republisher's work and what was published last time, in the same database.</summary>
    IRepublishStore Republish { get; }
}

/// <summary>Heads to lock.</summary>
/// <param name="Contract">The contract's name.</param>
/// <param name="Keys">The text forms of the keys, in order.</param>
public readonly record struct HeadKeys(string Contract, IReadOnlyList<string> Keys)
{
    /// <summary>Whether the heads' <see cref="Head.Base"/> are wanted as well: only a publication with patches reads bodies.</summary>
    public bool WithBases { get; init; }
}

/// <summary>A head that a walk came to.</summary>
/// <param name="Key">The text form of the key.</param>
/// <param name="Head">The head, without <see cref="Head.Base"/>.</param>
public readonly record struct WalkedHead(string Key, Head Head);

/// <summary>Heads under lock.</summary>
/// <param name="Epoch">The source's epoch; 0 if the database has none yet.</param>
/// <param name="Heads">One per key, in the order asked for: the first contract's keys, then the next one's.</param>
public readonly record struct LockedHeads(long Epoch, IReadOnlyList<Head> Heads);

/// <summary>A head's new values.</summary>
/// <param name="Contract">The contract's name.</param>
/// <param name="Key">The text form of the key.</param>
/// <param name="Head">The new head.</param>
/// <param name="OperationId">The id of the capturing operation: the probe for a lost commit answer.</param>
public readonly record struct HeadWrite(string Contract, string Key, Head Head, Guid OperationId);
