using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>Reads some columns of rows by one of their keys, or by what they refer to: untracked, past query filters, in the save's own transaction.</summary>
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
        var place = new RowPlace(type, default, key.Properties);
        var rows = await ReadAsync(context, place, values, [.. key.Properties, .. wanted], synchronous, ct).ConfigureAwait(false);
        foreach (var row in rows)
            found[RowKey.Of(row[..key.Properties.Count], key.Properties)!] = row[key.Properties.Count..];
        return found;
    }

    /// <summary>The wanted values of every row that holds one of the values at a place.</summary>
    /// <param name="context">Where to ask.</param>
    /// <param name="place">Where the values stand.</param>
    /// <param name="values">The values, each once.</param>
    /// <param name="wanted">The properties to read, of <see cref="RowPlace.Rows"/>.</param>
    /// <param name="synchronous">Whether it must have ended when it returns.</param>
    /// <param name="ct">Ends it.</param>
    public static async ValueTask<List<object?[]>> ReadAsync(
        DbContext context,
        RowPlace place,
        IReadOnlyList<object> values,
        IReadOnlyList<IProperty> wanted,
        bool synchronous,
        CancellationToken ct
    )
    {
        var found = new List<object?[]>(values.Count);
        foreach (var some in values.Chunk(place.Properties.Count == 1 ? Together : 1))
        {
            var query = Query(context, place, some, wanted);
            found.AddRange(synchronous ? query.ToList() : await query.ToListAsync(ct).ConfigureAwait(false));
        }
        return found;
    }

    /// <summary>Translates the queries by a key, without running them.</summary>
    public static void Check(DbContext context, IEntityType type, IKey key, IReadOnlyList<IProperty> wanted)
    {
        var place = new RowPlace(type, default, key.Properties);
        var sample = new CompositeRowKey([.. key.Properties.Select(p => KeyComparison.Sample(p)!)], key.Properties);
        _ = Query(context, place, [sample], wanted).ToQueryString();
        if (key.Properties.Count == 1)
            _ = Query(context, place, [sample, sample], wanted).ToQueryString();
    }

    /// <summary>Translates the query, without running it.</summary>
    public static void Check(DbContext context, RowPlace place, object value, IReadOnlyList<IProperty> wanted) =>
        _ = Query(context, place, [value], wanted).ToQueryString();

    private static IQueryable<object?[]> Query(DbContext context, RowPlace place, object[] values, IReadOnlyList<IProperty> wanted) =>
        Queries.GetOrAdd(place.Rows.ClrType, Typed)(new(context, place, values, wanted));

    private static Func<RowsAsked, IQueryable<object?[]>> Typed(Type type) =>
        typeof(RowLookup)
            .GetMethod(nameof(TypedQuery), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(type)
            .CreateDelegate<Func<RowsAsked, IQueryable<object?[]>>>();

    private static IQueryable<object?[]> TypedQuery<T>(RowsAsked asked)
        where T : class
    {
        var (context, place, values, wanted) = asked;
        var set = place.Rows.HasSharedClrType ? context.Set<T>(place.Rows.Name) : context.Set<T>();
        var row = Expression.Parameter(typeof(T), "row");
        var boxed = wanted.Select(p => Expression.Convert(KeyComparison.Column(row, p), typeof(object)));
        return set.AsNoTracking()
            .IgnoreQueryFilters()
            .IgnoreAutoIncludes()
            .Where(Expression.Lambda<Func<T, bool>>(Matches(row, place.Path, place.Properties, values), row))
            .Select(Expression.Lambda<Func<T, object?[]>>(Expression.NewArrayInit(typeof(object), boxed), row))
            .TagWith("Statecast: find the root of a changed row");
    }

    private static Expression Matches(
        Expression row,
        ReadOnlyMemory<INavigation> path,
        IReadOnlyList<IProperty> properties,
        object[] values
    )
    {
        if (!path.IsEmpty)
            return MatchesOwned(row, path, properties, values);
        if (values.Length > 1)
            return KeyComparison.AnyOf(row, properties[0], values);
        var parts = RowKey.Values(values[0]);
        return properties
            .Select((p, i) => KeyComparison.Equal(KeyComparison.Column(row, p), KeyComparison.Held(p.ClrType, parts[i])))
            .Aggregate(Expression.AndAlso);
    }

    // What is owned has no set of its own: it is asked for through its owner.
    private static Expression MatchesOwned(
        Expression owner,
        ReadOnlyMemory<INavigation> path,
        IReadOnlyList<IProperty> properties,
        object[] values
    )
    {
        var navigation = path.Span[0];
        var owned = KeyComparison.Member(owner, navigation);
        if (!navigation.IsCollection)
            return Matches(owned, path[1..], properties, values);
        var part = Expression.Parameter(navigation.TargetEntityType.ClrType, "part");
        var matches = Expression.Lambda(Matches(part, path[1..], properties, values), part);
        return Expression.Call(typeof(Enumerable), nameof(Enumerable.Any), [part.Type], owned, matches);
    }

    private readonly record struct RowsAsked(DbContext Context, RowPlace Place, object[] Values, IReadOnlyList<IProperty> Wanted);
}

/// <summary>Where values stand: in properties of a row, or of what it owns.</summary>
/// <param name="Rows">The rows that are asked for; never owned.</param>
/// <param name="Path">From there to the owned type that has the properties; empty where the row itself has them.</param>
/// <param name="Properties">The properties.</param>
internal sealed record RowPlace(IEntityType Rows, ReadOnlyMemory<INavigation> Path, IReadOnlyList<IProperty> Properties);
