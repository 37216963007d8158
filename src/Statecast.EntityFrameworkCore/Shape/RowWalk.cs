using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>Walks the primary keys of a root's rows page by page, in the database's own order, so that rows which come and go move no other.</summary>
internal sealed class RowWalk<TRoot>(AggregatePlan plan)
    where TRoot : class
{
    private static readonly ParameterExpression Root = Expression.Parameter(typeof(TRoot), "root");

    /// <summary>The next keys after one.</summary>
    public async ValueTask<List<object>> NextAsync(DbContext context, object? after, int limit, CancellationToken ct)
    {
        var values = await Query(context, after).Take(limit).ToListAsync(ct).ConfigureAwait(false);
        return values.ConvertAll(v => RowKey.Of(v, plan.Key)!);
    }

    /// <summary>How many rows come after a key, or in all.</summary>
    public async ValueTask<long> CountAsync(DbContext context, object? after, CancellationToken ct) =>
        await Rows(context, after, plan.Key.Select(p => KeyComparison.Column(Root, p)).ToArray())
            .TagWith("Statecast: count for republish")
            .LongCountAsync(ct)
            .ConfigureAwait(false);

    /// <summary>Translates the query for a later page, without running it.</summary>
    public void Check(DbContext context) =>
        _ = Query(context, RowKey.Of([.. plan.Key.Select(KeyComparison.Sample)], plan.Key)).Take(1).ToQueryString();

    private IQueryable<object?[]> Query(DbContext context, object? after)
    {
        var columns = plan.Key.Select(p => KeyComparison.Column(Root, p)).ToArray();
        var rows = Rows(context, after, columns);
        for (var i = 0; i < columns.Length; i++)
            rows = Ordered(rows, columns[i], Root, first: i == 0);
        var boxed = columns.Select(c => Expression.Convert(c, typeof(object)));
        return rows.Select(Expression.Lambda<Func<TRoot, object?[]>>(Expression.NewArrayInit(typeof(object), boxed), Root))
            .TagWith("Statecast: walk for republish");
    }

    private static IQueryable<TRoot> Rows(DbContext context, object? after, Expression[] columns)
    {
        var rows = context.Set<TRoot>().AsNoTracking().IgnoreQueryFilters().IgnoreAutoIncludes();
        return after is null ? rows : rows.Where(Expression.Lambda<Func<TRoot, bool>>(After(columns, RowKey.Values(after)), Root));
    }

    // (a > x) or (a = x and b > y) or …
    private static Expression After(Expression[] columns, object?[] values)
    {
        var held = columns.Select((c, i) => KeyComparison.Held(c.Type, values[i])).ToArray();
        Expression? any = null;
        for (var i = 0; i < columns.Length; i++)
        {
            var all = KeyComparison.Greater(columns[i], held[i]);
            for (var before = i - 1; before >= 0; before--)
                all = Expression.AndAlso(KeyComparison.Equal(columns[before], held[before]), all);
            any = any is null ? all : Expression.OrElse(any, all);
        }
        return any!;
    }

    private static IQueryable<TRoot> Ordered(IQueryable<TRoot> rows, Expression column, ParameterExpression root, bool first) =>
        rows.Provider.CreateQuery<TRoot>(
            Expression.Call(
                typeof(Queryable),
                first ? nameof(Queryable.OrderBy) : nameof(Queryable.ThenBy),
                [typeof(TRoot), column.Type],
                rows.Expression,
                Expression.Quote(Expression.Lambda(column, root))
            )
        );
}
