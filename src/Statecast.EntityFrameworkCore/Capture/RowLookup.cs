using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>Reads some columns of rows by one of their keys: untracked, past query filters, in the save's own transaction.</summary>
internal static class RowLookup
{
    /// <summary>Rows that one query asks for, where the key is one column.</summary>
    private const int Together = 100;

    private static readonly ConcurrentDictionary<Type, Func<RowsAsked, IQueryable<object?[]>>> Queries = new();

    /// <summary>The wanted values of each row that is there, by its key.</summary>
    /// <param name="context">Where to ask.</param>
    /// <param name="type">The rows' type, which has the key and the wanted properties. It need not be the key's own: keys belong to the hierarchy's base.</param>
    /// <param name="key">The key by which the rows are known.</param>
    /// <param name="values">The keys' values, each once.</param>
    /// <param name="wanted">The properties to read.</param>
    /// <param name="synchronous">Whether it must have ended when it returns.</param>
    /// <param name="ct">Ends it.</param>
    public static async ValueTask<Dictionary<object, object?[]>> ReadAsync(
        DbContext context,
        IEntityType type,
        IKey key,
        IReadOnlyList<object> values,
        IReadOnlyList<IProperty> wanted,
        bool synchronous,
        CancellationToken ct
    )
    {
        var found = new Dictionary<object, object?[]>(values.Count);
        foreach (var some in values.Chunk(key.Properties.Count == 1 ? Together : 1))
        {
            var query = Query(new(context, type, key, some, wanted));
            foreach (var row in synchronous ? query.ToList() : await query.ToListAsync(ct).ConfigureAwait(false))
                found[RowKey.Of(row[..key.Properties.Count], key.Properties)!] = row[key.Properties.Count..];
        }
        return found;
    }

    /// <summary>Translates the queries, without running them.</summary>
    public static void Check(DbContext context, IEntityType type, IKey key, IReadOnlyList<IProperty> wanted)
    {
        var sample = key.Properties.Select(KeyComparison.Sample).ToArray();
        _ = Query(new(context, type, key, [new CompositeRowKey(sample!, key.Properties)], wanted)).ToQueryString();
        if (sample is [{ } value])
            _ = Query(new(context, type, key, [value, value], wanted)).ToQueryString();
    }

    private static IQueryable<object?[]> Query(RowsAsked asked) => Queries.GetOrAdd(asked.Type.ClrType, Typed)(asked);

    private static Func<RowsAsked, IQueryable<object?[]>> Typed(Type type) =>
        typeof(RowLookup)
            .GetMethod(nameof(QueryTyped), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(type)
            .CreateDelegate<Func<RowsAsked, IQueryable<object?[]>>>();

    private static IQueryable<object?[]> QueryTyped<T>(RowsAsked asked)
        where T : class
    {
        var (context, type, key, values, wanted) = asked;
        var set = type.HasSharedClrType ? context.Set<T>(type.Name) : context.Set<T>();
        var row = Expression.Parameter(typeof(T), "row");
        var boxed = key.Properties.Concat(wanted).Select(p => Expression.Convert(KeyComparison.Column(row, p), typeof(object)));
        return set.AsNoTracking()
            .IgnoreQueryFilters()
            .IgnoreAutoIncludes()
            .Where(Expression.Lambda<Func<T, bool>>(Matches(row, key, values), row))
            .Select(Expression.Lambda<Func<T, object?[]>>(Expression.NewArrayInit(typeof(object), boxed), row))
            .TagWith("Statecast: find the root of a changed row");
    }

    private static Expression Matches(ParameterExpression row, IKey key, object[] values)
    {
        if (values.Length > 1)
            return KeyComparison.AnyOf(row, key.Properties[0], values);
        var parts = RowKey.Values(values[0]);
        return key
            .Properties.Select((p, i) => KeyComparison.Equal(KeyComparison.Column(row, p), KeyComparison.Held(p.ClrType, parts[i])))
            .Aggregate(Expression.AndAlso);
    }

    private readonly record struct RowsAsked(
        DbContext Context,
        IEntityType Type,
        IKey Key,
        object[] Values,
        IReadOnlyList<IProperty> Wanted
    );
}
