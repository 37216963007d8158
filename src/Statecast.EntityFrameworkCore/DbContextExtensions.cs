using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore.Capture;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore;

/// <summary>What a publishing context offers beside saving.</summary>
public static class DbContextExtensions
{
    /// <summary>
    /// The token of a state that the last save captured, or an earlier save of the same transaction. A save that changed nothing of the state yields
    /// its current token. Valid once the transaction committed; a rollback to a savepoint of the application's own does not take it back.
    /// </summary>
    /// <param name="context">The context that saved.</param>
    /// <param name="key">The key, of the contract's key type.</param>
    /// <exception cref="InvalidOperationException">The last save touched no published state with this key.</exception>
    /// <exception cref="ArgumentException">The key is not of the contract's key type.</exception>
    public static Events.StateToken StateToken<TState>(this DbContext context, object key)
        where TState : class, IStateContract<TState>
    {
        var contract = TState.Contract;
        var text = contract.FormatKeyObject(key);
        return SessionOf(context).Find(contract.Name, text)
            ?? throw new InvalidOperationException(
                $"The last save of this {context.GetType().Name} captured no {contract.Name} with the key '{text}'. Ask after the save that changed it, on the same context."
            );
    }

    /// <summary>The tokens of everything that the last save captured, and of earlier saves in the same transaction. In no order.</summary>
    public static IReadOnlyCollection<Events.StateToken> StateTokens(this DbContext context) => [.. SessionOf(context).Tokens];

    /// <summary>Names the cause of what the next save changes, for example <c>OrderCreated</c>. Several are joined. Used up by that save.</summary>
    /// <exception cref="ArgumentException">No cause: see <see cref="Events.Causes.Check"/>.</exception>
    public static void SetCause(this DbContext context, string cause)
    {
        var session = SessionOf(context);
        session.AddCause(cause);
        session.UseUpCausesOf(context);
    }

    /// <summary>Names the cause of the next save's change of one entity's aggregate: its root, or any entity of it that is tracked. Used up by that save.</summary>
    /// <exception cref="ArgumentException">No cause: see <see cref="Events.Causes.Check"/>.</exception>
    public static void SetCause(this DbContext context, object entity, string cause)
    {
        ArgumentNullException.ThrowIfNull(entity);
        var session = SessionOf(context);
        session.AddCause(entity, cause);
        session.UseUpCausesOf(context);
    }

    private static CaptureSession SessionOf(DbContext context) =>
        context.GetService<IDbContextOptions>().FindExtension<StatecastOptionsExtension>() is null
            ? throw new InvalidOperationException(
                $"This {context.GetType().Name} is not captured. Take it from the services where FromDbContext<{context.GetType().Name}>(…) was called, or build its options with UseStatecast(…)."
            )
            : context.GetService<CaptureSession>();
}
