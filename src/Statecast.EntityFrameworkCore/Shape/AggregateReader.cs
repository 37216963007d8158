using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>
/// Reads aggregates back: untracked, past query filters and automatic includes, with the plan's navigations. One root by a compiled query,
/// several of a single-column key together.
/// </summary>
internal sealed class AggregateReader<TRoot>(AggregatePlan plan)
    where TRoot : class
{
    private const int Together = 100;

    private readonly Lazy<Func<DbContext, object?[], IEnumerable<TRoot>>> _one = new(() =>
        Compile<IEnumerable<TRoot>>(plan, asynchronous: false)
    );
    private readonly Lazy<Func<DbContext, object?[], IAsyncEnumerable<TRoot>>> _oneAsync = new(() =>
        Compile<IAsyncEnumerable<TRoot>>(plan, asynchronous: true)
    );
    private readonly bool _canReadTogether = plan.Key is [{ } key] && !key.IsShadowProperty();

    /// <summary>The root of every key, null where there is no row.</summary>
    public async ValueTask<TRoot?[]> ReadAsync(DbContext context, IReadOnlyList<TouchedRoot> roots, bool synchronous, CancellationToken ct)
    {
        var found = new TRoot?[roots.Count];
        if (roots.Count > 1 && _canReadTogether)
            await ReadTogetherAsync(context, roots, found, synchronous, ct).ConfigureAwait(false);
        else
            for (var i = 0; i < found.Length; i++)
                if (roots[i].RowKey is { } key)
                    found[i] = synchronous ? ReadOne(context, key) : await ReadOneAsync(context, key, ct).ConfigureAwait(false);
        return found;
    }

    /// <summary>Translates the queries, without running them.</summary>
    public void Check(DbContext context)
    {
        _ = Query(context).ToQueryString();
        _ = _one.Value;
    }

    private TRoot? ReadOne(DbContext context, object key)
    {
        TRoot? root = null;
        foreach (var row in _one.Value(context, RowKey.Values(key)))
            root = row;
        return root;
    }

    private async ValueTask<TRoot?> ReadOneAsync(DbContext context, object key, CancellationToken ct)
    {
        TRoot? root = null;
        await foreach (var row in _oneAsync.Value(context, RowKey.Values(key)).WithCancellation(ct).ConfigureAwait(false))
            root = row;
        return root;
    }

    private async ValueTask ReadTogetherAsync(
        DbContext context,
        IReadOnlyList<TouchedRoot> roots,
        TRoot?[] found,
        bool synchronous,
        CancellationToken ct
    )
    {
        var getter = plan.Key[0].GetGetter();
        var places = new Dictionary<object, int>(roots.Count);
        for (var i = 0; i < roots.Count; i++)
            if (roots[i].RowKey is { } key)
                places.Add(key, i);
        foreach (var keys in places.Keys.Chunk(Together))
        {
            var query = Query(context).Where(In(keys));
            foreach (var root in synchronous ? query.ToList() : await query.ToListAsync(ct).ConfigureAwait(false))
                if (RowKey.Of([getter.GetClrValue(root)], plan.Key) is { } key && places.TryGetValue(key, out var place))
                    found[place] = root;
        }
    }

    private IQueryable<TRoot> Query(DbContext context)
    {
        var query = context.Set<TRoot>().AsNoTracking().IgnoreQueryFilters().IgnoreAutoIncludes();
        foreach (var include in plan.Includes)
            query = query.Include(include);
        return (plan.SplitQuery ? query.AsSplitQuery() : query.AsSingleQuery()).TagWith(QueryTag.ReadBack);
    }

    private Expression<Func<TRoot, bool>> In(object[] keys)
    {
        var root = Expression.Parameter(typeof(TRoot), "root");
        return Expression.Lambda<Func<TRoot, bool>>(KeyComparison.AnyOf(root, plan.Key[0], keys), root);
    }

    /// <summary>
    /// Compiles <c>(context, k1, …) => root where key parts are equal</c> behind a delegate over boxed values. Without a limit in the query:
    /// the key is unique, and a limit would put the root into a subquery below the joins.
    /// </summary>
    private static Func<DbContext, object?[], TResult> Compile<TResult>(AggregatePlan plan, bool asynchronous)
    {
        var context = Expression.Parameter(typeof(DbContext), "context");
        var parts = plan.Key.Select((p, i) => Expression.Parameter(p.ClrType, $"k{i}")).ToArray();
        Expression query = Expression.Call(context, nameof(DbContext.Set), [typeof(TRoot)]);
        query = Apply(query, nameof(EntityFrameworkQueryableExtensions.AsNoTracking));
        query = Apply(query, nameof(EntityFrameworkQueryableExtensions.IgnoreQueryFilters));
        query = Apply(query, nameof(EntityFrameworkQueryableExtensions.IgnoreAutoIncludes));
        foreach (var include in plan.Includes)
            query = Apply(query, nameof(EntityFrameworkQueryableExtensions.Include), Expression.Constant(include));
        query = Expression.Call(
            typeof(RelationalQueryableExtensions),
            plan.SplitQuery ? nameof(RelationalQueryableExtensions.AsSplitQuery) : nameof(RelationalQueryableExtensions.AsSingleQuery),
            [typeof(TRoot)],
            query
        );
        query = Apply(query, nameof(EntityFrameworkQueryableExtensions.TagWith), Expression.Constant(QueryTag.ReadBack));
        var root = Expression.Parameter(typeof(TRoot), "root");
        var matches = plan.Key.Select((p, i) => KeyComparison.Equal(KeyComparison.Column(root, p), parts[i])).Aggregate(Expression.AndAlso);
        query = Expression.Call(
            typeof(Queryable),
            nameof(Queryable.Where),
            [typeof(TRoot)],
            query,
            Expression.Quote(Expression.Lambda(matches, root))
        );
        var lambda = Expression.Lambda(query, [context, .. parts]);
        var compiled = CompileMethod(asynchronous, parts.Length)
            .MakeGenericMethod([typeof(DbContext), .. parts.Select(p => p.Type), typeof(TRoot)])
            .Invoke(null, [lambda])!;
        var values = Expression.Parameter(typeof(object?[]), "values");
        var call = Expression.Invoke(
            Expression.Constant(compiled),
            [context, .. parts.Select((p, i) => Expression.Convert(Expression.ArrayIndex(values, Expression.Constant(i)), p.Type))]
        );
        return Expression.Lambda<Func<DbContext, object?[], TResult>>(call, context, values).Compile();
    }

    // The overload that takes a context and n parameters and gives an IQueryable<TResult>.
    private static MethodInfo CompileMethod(bool asynchronous, int parameters) =>
        typeof(EF)
            .GetMethods()
            .Single(m =>
                m.Name == (asynchronous ? nameof(EF.CompileAsyncQuery) : nameof(EF.CompileQuery))
                && m.GetGenericArguments().Length == parameters + 2
                && m.GetParameters()[0].ParameterType.GetGenericArguments()[0].GetGenericArguments()[^1] is { IsGenericType: true } result
                && result.GetGenericTypeDefinition() == typeof(IQueryable<>)
            );

    private static Expression Apply(Expression query, string method, params Expression[] arguments) =>
        Expression.Call(typeof(EntityFrameworkQueryableExtensions), method, [typeof(TRoot)], [query, .. arguments]);
}
