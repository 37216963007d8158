using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;

namespace Statecast.Integration.Tests.Capture;

/// <summary>The connection is lost once, before or after the COMMIT.</summary>
internal sealed class LostCommit : DbTransactionInterceptor
{
    public const string Transient = "transient";

    public bool Before { get; set; }

    public bool After { get; set; }

    /// <summary>Called after every commit that EF Core makes, also one whose answer is then lost.</summary>
    public Action? Committed { get; set; }

    public override InterceptionResult TransactionCommitting(
        DbTransaction transaction,
        TransactionEventData eventData,
        InterceptionResult result
    )
    {
        if (!Before)
            return result;
        Before = false;
        throw new InvalidOperationException(Transient);
    }

    public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData)
    {
        Committed?.Invoke();
        if (!After)
            return;
        After = false;
        throw new InvalidOperationException(Transient);
    }

    public override ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction,
        TransactionEventData eventData,
        InterceptionResult result,
        CancellationToken cancellationToken = default
    ) => new(TransactionCommitting(transaction, eventData, result));

    public override Task TransactionCommittedAsync(
        DbTransaction transaction,
        TransactionEndEventData eventData,
        CancellationToken cancellationToken = default
    )
    {
        TransactionCommitted(transaction, eventData);
        return Task.CompletedTask;
    }
}

/// <summary>Tries again what ended by a lost connection.</summary>
internal sealed class RetryingStrategy(DbContext context) : ExecutionStrategy(context, 3, TimeSpan.FromMilliseconds(1))
{
    protected override bool ShouldRetryOn(Exception exception) => exception.Message == LostCommit.Transient;
}
