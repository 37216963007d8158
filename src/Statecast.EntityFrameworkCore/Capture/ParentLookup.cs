using System.Collections.Concurrent;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>
/// Finds the way from an untracked parent on to its root: one look-up by key a level, in the save's own transaction.
/// A parent that is gone leads nowhere: whoever deleted it touched the root.
/// </summary>
internal static class ParentLookup
{
    public static async ValueTask ResolveAsync(DbContext context, TouchedRoots touched, bool synchronous, CancellationToken ct)
    {
        if (touched.Untracked is not { } untracked)
            return;
        var known = new Dictionary<(AggregateMember, object), object?>();
        while (untracked.TryDequeue(out var parent))
        {
            if (!known.TryGetValue((parent.Member, parent.Value), out var next))
            {
                var values = await ReadAsync(context, parent, synchronous, ct).ConfigureAwait(false);
                next = values is null ? null : RowKey.Of(values);
                known[(parent.Member, parent.Value)] = next;
            }
            if (next is null)
                continue;
            if (parent.Member.ToParent is null)
                touched.AddRoot(parent.Member.Plan, next, parent.Causes, parent.OnlyCauses);
            else
                touched.AddParent(parent.Member, next, parent.Causes, parent.OnlyCauses);
        }
    }

    private static async ValueTask<object?[]?> ReadAsync(DbContext context, UntrackedParent parent, bool synchronous, CancellationToken ct)
    {
        // The root may be known by an alternate key; then its primary key is asked for, else the foreign key that leads on.
        var wanted = parent.Member.ToParent?.Properties ?? parent.Member.Plan.Key;
        var query = Query(context, parent.Key, RowKey.Values(parent.Value), wanted);
        if (synchronous)
            return query.FirstOrDefault();
        return await query.FirstOrDefaultAsync(ct).ConfigureAwait(false);
    }

    private static IQueryable<object?[]> Query(DbContext context, IKey key, object?[] values, IReadOnlyList<IProperty> wanted) =>
        Builders.GetOrAdd(key.DeclaringEntityType.ClrType, Builder)(context, key, values, wanted);

    private static readonly ConcurrentDictionary<
        Type,
        Func<DbContext, IKey, object?[], IReadOnlyList<IProperty>, IQueryable<object?[]>>
    > Builders = new();

    private static Func<DbContext, IKey, object?[], IReadOnlyList<IProperty>, IQueryable<object?[]>> Builder(Type type) =>
        ((Func<DbContext, IKey, object?[], IReadOnlyList<IProperty>, IQueryable<object?[]>>)TypedQuery<object>)
            .Method.GetGenericMethodDefinition()
            .MakeGenericMethod(type)
            .CreateDelegate<Func<DbContext, IKey, object?[], IReadOnlyList<IProperty>, IQueryable<object?[]>>>();

    private static IQueryable<object?[]> TypedQuery<T>(DbContext context, IKey key, object?[] values, IReadOnlyList<IProperty> wanted)
        where T : class
    {
        var set = key.DeclaringEntityType.HasSharedClrType ? context.Set<T>(key.DeclaringEntityType.Name) : context.Set<T>();
        var row = Expression.Parameter(typeof(T), "row");
        var matches = key
            .Properties.Select((p, i) => KeyComparison.Equal(KeyComparison.Column(row, p), KeyComparison.Held(p.ClrType, values[i])))
            .Aggregate(Expression.AndAlso);
        var boxed = wanted.Select(p => Expression.Convert(KeyComparison.Column(row, p), typeof(object)));
        return set.AsNoTracking()
            .IgnoreQueryFilters()
            .IgnoreAutoIncludes()
            .Where(Expression.Lambda<Func<T, bool>>(matches, row))
            .Select(Expression.Lambda<Func<T, object?[]>>(Expression.NewArrayInit(typeof(object), boxed), row))
            .TagWith("Statecast: find the root of a changed row");
    }
}
