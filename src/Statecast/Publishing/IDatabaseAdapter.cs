using System.Data.Common;
using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>What an adapter package brings for one database technology. Registered by its <c>Use…</c> call; chosen by the context's provider name.</summary>
public interface IDatabaseAdapter
{
    /// <summary>The EF Core provider's name, for example <c>Microsoft.EntityFrameworkCore.Sqlite</c>.</summary>
    string ProviderName { get; }

    /// <summary>The ADO.NET provider's connection type: how a source without EF Core finds its adapter.</summary>
    Type ConnectionType { get; }

    /// <summary>The tables of <see cref="TableLayout"/> as an idempotent script in the database's own SQL.</summary>
    string TableScript { get; }

    /// <summary>Capture's SQL.</summary>
    ICaptureStore Capture { get; }

    /// <summary>Where the database of an open connection is, as a person can read it: two connections to one database give the same text, however each was written.</summary>
    /// <param name="connection">Open; of any type, for it is the application's.</param>
    string Locate(DbConnection connection);

    /// <summary>
    /// Begins a transaction of the source's own loops, which will write. Where the database has one writer it is this one when the call returns: in turn with the
    /// relay, and found by looking often, since the provider's own wait may be long beside the transactions that are waited for.
    /// </summary>
    /// <param name="connection">Open, without a transaction.</param>
    /// <param name="ct">Ends the wait.</param>
    async ValueTask<SourceTransaction> BeginAsync(DbConnection connection, CancellationToken ct) =>
        new(await connection.BeginTransactionAsync(ct).ConfigureAwait(false));

    /// <summary>
    /// Begins a transaction of the source's own loops that only reads, beside writers: neither waits for the other. Null (the default) where that cannot be had;
    /// everything is then read under the locks.
    /// </summary>
    /// <param name="connection">Open, without a transaction.</param>
    /// <param name="ct">Ends the wait.</param>
    ValueTask<SourceTransaction?> BeginReadAsync(DbConnection connection, CancellationToken ct) => default;

    /// <summary>Checks the database (library version, settings) and opens the relay's view of it.</summary>
    /// <param name="connectionString">How the application connects.</param>
    IOutboxStore OpenOutbox(string connectionString);
}
