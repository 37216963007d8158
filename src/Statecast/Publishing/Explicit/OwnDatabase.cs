using System.Collections.Concurrent;
using System.Data.Common;

namespace Statecast.Publishing.Explicit;

/// <summary>
/// Refuses a transaction of another database. Heads and outbox rows are written through the transaction's connection: in another database they would
/// take over that one's numbers, and the source's own relay would never see them.
/// </summary>
/// <param name="source">The source's name.</param>
/// <param name="connect">The source's own connections.</param>
internal sealed class OwnDatabase(string source, Func<DbConnection> connect)
{
    // Only what was found to be right is remembered: an application has few ways to write the connection to one database.
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    /// <summary>Compares by the adapter's word, once per connection string.</summary>
    /// <exception cref="SourceException">The connection is to another database.</exception>
    public async ValueTask RequireAsync(IDatabaseAdapter adapter, DbConnection connection, bool synchronous, CancellationToken ct)
    {
        if (_known.ContainsKey(connection.ConnectionString))
            return;
        var own = await LocateAsync(adapter, synchronous, ct).ConfigureAwait(false);
        var given = adapter.Locate(connection);
        if (!string.Equals(given, own, StringComparison.Ordinal))
            throw new SourceException(
                $"The transaction is of the database {given}, but its states belong to the source '{source}', whose database is {own}. Begin the transaction on a connection to {own}, or publish the contracts in the FromConnection of the other database."
            );
        _known.TryAdd(connection.ConnectionString, true);
    }

    private async ValueTask<string> LocateAsync(IDatabaseAdapter adapter, bool synchronous, CancellationToken ct)
    {
        using var connection = connect();
        try
        {
            if (synchronous)
                connection.Open();
            else
                await connection.OpenAsync(ct).ConfigureAwait(false);
        }
        catch (DbException e)
        {
            throw new SourceException($"The database of the source '{source}' cannot be used: {e.Message}", e);
        }
        return adapter.Locate(connection);
    }
}
