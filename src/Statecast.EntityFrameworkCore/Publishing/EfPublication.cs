using Statecast.Contracts;
using Statecast.EntityFrameworkCore.Shape;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore.Publishing;

/// <summary>One publication of a context, whatever model an instance of the context has.</summary>
internal abstract class EfPublication(Publication publication, EfPublicationSettings settings, Type rootType)
{
    public Publication Publication { get; } = publication;

    public EfPublicationSettings Settings { get; } = settings;

    public Type RootType { get; } = rootType;

    /// <summary>Equal for publications that read the same tables of a model.</summary>
    public string Signature => $"{RootType.FullName}>{Publication.Contract.Destination};{Settings.Signature}";

    /// <summary>Makes the queries and key conversions for one model.</summary>
    public abstract BoundPublication Bind(AggregatePlan plan);
}

/// <summary>A publication whose types are known.</summary>
internal sealed class EfPublication<TRoot, TKey, TState>(
    StateContract<TKey, TState> contract,
    PublicationOptions options,
    EfPublicationSettings settings,
    Func<TRoot, TState> map,
    Func<TRoot, bool>? where,
    IReadOnlyList<Func<TRoot, object?>> olders
) : EfPublication(new Publication<TState>(contract, options), settings, typeof(TRoot))
    where TRoot : class
    where TKey : notnull
    where TState : class
{
    public StateContract<TKey, TState> Contract { get; } = contract;

    public override BoundPublication Bind(AggregatePlan plan) => new BoundPublication<TRoot, TKey, TState>(this, plan);

    /// <summary>The state of an aggregate, in every major that is written; none if the predicate does not hold.</summary>
    public KeyState Map(TRoot root, string key, AggregatePlan plan)
    {
        try
        {
            if (where is not null && !where(root))
                return default;
            if (map(root) is not { } state)
                return Nothing(key, typeof(TState));
            if (olders.Count == 0)
                return new(state);
            var written = new object[olders.Count];
            for (var i = 0; i < written.Length; i++)
                if (olders[i](root) is { } older)
                    written[i] = older;
                else
                    return Nothing(key, Publication.Older[i].StateType);
            return new(state) { Older = written };
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            var reason =
                $"the map or the predicate of {typeof(TRoot).Name} threw {failure.GetType().Name}: {failure.Message} It sees the aggregate as read back, with {plan.Described}.";
            return new(null, new(Contract.Name, key, reason, failure));
        }
    }

    private KeyState Nothing(string key, Type state) =>
        new(
            null,
            new(
                Contract.Name,
                key,
                $"the map from {typeof(TRoot).Name} to {state.Name} returned null. Use Where(…) to publish only some rows."
            )
        );
}
