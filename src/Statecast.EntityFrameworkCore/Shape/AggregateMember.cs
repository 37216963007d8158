using Microsoft.EntityFrameworkCore.Metadata;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>The place of an entity type in a published aggregate: how to get from one of its rows to the root.</summary>
/// <param name="Plan">The aggregate.</param>
/// <param name="ToParent">The foreign key to the parent; null for the root itself.</param>
/// <param name="Parent">The parent's place; null for the root itself.</param>
internal sealed record AggregateMember(AggregatePlan Plan, IForeignKey? ToParent, AggregateMember? Parent)
{
    /// <summary>The most basic type of the rows at this place: it has the foreign key, which the base of its hierarchy need not have.</summary>
    public IEntityType Type { get; } = ToParent?.DeclaringEntityType ?? Plan.Root;

    /// <summary>Whether the foreign key holds the root's primary key itself, so that nothing needs to be looked up.</summary>
    public bool HoldsRootKey { get; } =
        Parent is { ToParent: null } && ToParent is not null && ToParent.PrincipalKey == ToParent.PrincipalEntityType.FindPrimaryKey();

    /// <summary>The key by which a row of this place is found again; null where it has none of its own.</summary>
    public IKey? Row { get; } = ToParent?.DeclaringEntityType.FindPrimaryKey();

    /// <summary>
    /// Whether another transaction can move a row to another parent unseen. It cannot where the foreign key is part of the row's own key, or a concurrency
    /// token, or where the row belongs to its owner.
    /// </summary>
    public bool CanMove { get; } =
        ToParent is not null
        && !ToParent.DeclaringEntityType.IsOwned()
        && ToParent.DeclaringEntityType.FindPrimaryKey() is { } key
        && !ToParent.Properties.All(p => key.Properties.Contains(p) || p.IsConcurrencyToken);

    /// <summary>Finds a row of this place in a root that was read back; null where its key or the way to it cannot be seen there.</summary>
    public RowSight? Sight { get; } = RowSight.Of(Parent, ToParent);
}
