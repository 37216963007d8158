using System.Data.Common;

namespace Statecast.Publishing;

/// <summary>A transaction of a source's own loops. Disposed without a commit it leaves nothing.</summary>
/// <param name="transaction">The provider's transaction.</param>
/// <param name="turn">Disposed once the transaction is over: lets the next one in where writers take turns; null for none.</param>
public sealed class SourceTransaction(DbTransaction transaction, IDisposable? turn = null) : IAsyncDisposable
{
    /// <summary>The provider's transaction.</summary>
    public DbTransaction Transaction { get; } = transaction;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Transaction.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            turn?.Dispose();
        }
    }
}
