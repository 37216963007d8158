using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Capture;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>A foreign key by which the database itself deletes or changes rows, when the row that they refer to is deleted.</summary>
/// <param name="Key">The foreign key.</param>
/// <param name="Rows">The type of the rows that are deleted or changed; the owner's where an owned type has the foreign key.</param>
/// <param name="Path">From there to the owned type that has the foreign key; empty where the row itself has it.</param>
/// <param name="Touches">The places of these rows in the aggregate, other than those below this very key: whoever deletes a parent touches its root.</param>
internal sealed record CascadeStep(
    IForeignKey Key,
    IEntityType Rows,
    ReadOnlyMemory<INavigation> Path,
    IReadOnlyList<AggregateMember> Touches
)
{
    /// <summary>
    /// Whether the model says what the database does. Elsewhere a migration may say otherwise than the model (a hand-written SET DEFAULT), so one asks;
    /// where it does not, the database would refuse.
    /// </summary>
    public bool IsDeclared => Key.DeleteBehavior is DeleteBehavior.Cascade or DeleteBehavior.SetNull;

    /// <summary>Whether the rows are gone afterwards, so that what refers to them is reached as well.</summary>
    public bool Deletes => Key.DeleteBehavior == DeleteBehavior.Cascade;

    /// <summary>For people.</summary>
    public string Described => $"{Key.PrincipalEntityType.ShortName()} into {Key.DeclaringEntityType.ShortName()} ({Key.DeleteBehavior})";

    /// <summary>What to ask for: one query, but for places that only a derived type has.</summary>
    /// <param name="all">Whether every row is asked for, whatever place it has.</param>
    public IEnumerable<(RowPlace Place, IReadOnlyList<AggregateMember> Touches)> Queries(bool all)
    {
        var byType = Touches.ToLookup(m => Narrower(m.ToParent?.DeclaringEntityType ?? m.Plan.Root));
        var types = byType.Select(g => g.Key).ToHashSet();
        if (all)
            types.Add(Rows);
        foreach (var type in types)
            yield return (new(type, Path, Key.Properties), [.. byType[type]]);
    }

    private IEntityType Narrower(IEntityType other) => Rows.IsAssignableFrom(other) ? other : Rows;
}
