using System.Collections;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>
/// Sees whether a child's row is in the root that was read back. If it is, the tracker was right about whose child it is, and nobody needs to ask the database.
/// </summary>
internal sealed class RowSight
{
    private readonly INavigation _way;
    private readonly IReadOnlyList<IProperty> _key;

    private RowSight(INavigation way, IReadOnlyList<IProperty> key) => (_way, _key) = (way, key);

    /// <summary>The sight of a root's own child; null where the child's key is no property of its class, or the root has no navigation to it.</summary>
    public static RowSight? Of(AggregateMember? parent, IForeignKey? toParent) =>
        parent is { ToParent: null }
        && toParent is { PrincipalToDependent: { } way }
        && toParent.DeclaringEntityType.FindPrimaryKey() is { } key
        && !way.IsShadowProperty()
        && !key.Properties.Any(p => p.IsShadowProperty())
            ? new(way, key.Properties)
            : null;

    /// <summary>Whether the root holds the row.</summary>
    /// <param name="root">As read back, with its children.</param>
    /// <param name="rowKey">The row's primary key.</param>
    public bool Holds(object root, object rowKey)
    {
        var key = RowKey.Values(rowKey);
        var held = _way.GetGetter().GetClrValue(root);
        if (!_way.IsCollection)
            return held is not null && Is(held, key);
        if (held is not null)
            foreach (var child in (IEnumerable)held)
                if (Is(child, key))
                    return true;
        return false;
    }

    private bool Is(object child, object?[] key)
    {
        for (var i = 0; i < key.Length; i++)
            if (!RowKey.Same(_key[i], key[i], _key[i].GetGetter().GetClrValue(child)))
                return false;
        return true;
    }
}

/// <summary>A changed row that the root read back should hold, if the tracker is right.</summary>
/// <param name="Member">Its place.</param>
/// <param name="RowKey">Its primary key.</param>
internal readonly record struct ExpectedRow(AggregateMember Member, object RowKey);
