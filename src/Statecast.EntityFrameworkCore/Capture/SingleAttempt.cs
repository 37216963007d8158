using System.Runtime.ExceptionServices;
using Microsoft.EntityFrameworkCore;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>
/// With <see cref="AutoTransactionBehavior.Never"/> EF Core saves outside its execution strategy, and a retrying strategy refuses the read-back's
/// queries in a transaction that began outside it. So the save runs inside the strategy, for one attempt: retrying is EF Core's, which first
/// takes generated values back.
/// </summary>
internal static class SingleAttempt
{
    public static bool IsNeeded(DbContext context, AutoTransactionBehavior behavior) =>
        behavior == AutoTransactionBehavior.Never
        && context.Database.CurrentTransaction is null
        && context.Database.CreateExecutionStrategy().RetriesOnFailure;

    public static int Execute(DbContext context, Func<int> save)
    {
        ExceptionDispatchInfo? failure = null;
        var rows = context
            .Database.CreateExecutionStrategy()
            .Execute(() =>
            {
                try
                {
                    return save();
                }
                catch (Exception error)
                {
                    failure = ExceptionDispatchInfo.Capture(error);
                    return 0;
                }
            });
        failure?.Throw();
        return rows;
    }

    public static async Task<int> ExecuteAsync(DbContext context, Func<Task<int>> save)
    {
        ExceptionDispatchInfo? failure = null;
        var rows = await context
            .Database.CreateExecutionStrategy()
            .ExecuteAsync(async () =>
            {
                try
                {
                    return await save().ConfigureAwait(false);
                }
                catch (Exception error)
                {
                    failure = ExceptionDispatchInfo.Capture(error);
                    return 0;
                }
            })
            .ConfigureAwait(false);
        failure?.Throw();
        return rows;
    }
}
