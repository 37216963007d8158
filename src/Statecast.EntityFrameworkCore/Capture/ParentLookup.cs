using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>
/// Finds the way on to the root from parents that the tracker does not know, or not for certain: one query a level, in the save's own transaction.
/// A parent that is gone leads nowhere: whoever deleted it touched the root.
/// </summary>
internal static class ParentLookup
{
    public static async ValueTask ResolveAsync(DbContext context, TouchedRoots touched, bool synchronous, CancellationToken ct)
    {
        while (touched.TakeUnknown() is { Count: > 0 } unknown)
            foreach (var level in unknown.GroupBy(p => (p.Member, p.Key)))
            {
                var (member, key) = level.Key;
                var rows = await RowLookup
                    .ReadAsync(context, member.Type, key, [.. level.Select(p => p.Value).Distinct()], WayOn(member), synchronous, ct)
                    .ConfigureAwait(false);
                foreach (var parent in level)
                    if (rows.TryGetValue(parent.Value, out var values) && RowKey.Of(values, WayOn(member)) is { } next)
                        Go(touched, parent, next);
            }
    }

    /// <summary>Translates the queries for an aggregate, without running them.</summary>
    public static void Check(DbContext context, AggregatePlan plan)
    {
        foreach (var member in plan.Members.Select(m => m.Member).Distinct())
            if (member is { ToParent: { } way, HoldsRootKey: false, Parent: { } parent } && !parent.Type.IsOwned())
                RowLookup.Check(context, parent.Type, way.PrincipalKey, WayOn(parent));
    }

    // The root may be known by an alternate key; then its primary key is asked for, else the foreign key that leads on.
    private static IReadOnlyList<IProperty> WayOn(AggregateMember member) => member.ToParent?.Properties ?? member.Plan.Key;

    private static void Go(TouchedRoots touched, UnknownParent parent, object next)
    {
        if (parent.Member.ToParent is null)
            touched.AddRoot(parent.Member.Plan, next, parent.Causes, parent.OnlyCauses);
        else
            touched.AddParent(parent.Member, next, parent.Causes, parent.OnlyCauses);
    }
}
