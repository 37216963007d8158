using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Capture;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>The ways by which the database's own cascades lead into one aggregate, over any number of other tables.</summary>
internal sealed class CascadePaths
{
    private readonly Dictionary<IEntityType, IReadOnlyList<CascadeStep>> _from = [];

    private CascadePaths(IModel model, IReadOnlyList<CascadeStep> steps)
    {
        Steps = steps;
        foreach (var type in model.GetEntityTypes())
            if (StepsFrom(type, steps).ToList() is { Count: > 0 } some)
                _from[type] = some;
    }

    /// <summary>All steps that are on a way.</summary>
    public IReadOnlyList<CascadeStep> Steps { get; }

    /// <summary>Works out the ways into one aggregate.</summary>
    /// <param name="plan">The aggregate, with its members.</param>
    /// <param name="accepted">Whether cascades from a principal are known not to be captured.</param>
    public static CascadePaths Into(AggregatePlan plan, Func<IEntityType, bool> accepted)
    {
        var model = plan.Root.Model;
        var candidates = model
            .GetEntityTypes()
            .SelectMany(t => t.GetDeclaredForeignKeys())
            .Where(k => !k.IsOwnership && k.DeleteBehavior != Microsoft.EntityFrameworkCore.DeleteBehavior.Restrict)
            .Where(k => !accepted(k.PrincipalEntityType))
            .Select(k => Step(plan, k))
            .OfType<CascadeStep>()
            .ToList();
        var onTheWay = candidates.Where(s => s.Touches.Count > 0).ToHashSet();
        // Backwards from the aggregate: a step that deletes rows is on the way if something leads on from them.
        while (
            candidates.Where(s => s.Deletes && !onTheWay.Contains(s) && StepsFrom(s.Rows, onTheWay).Any()).ToList() is { Count: > 0 } more
        )
            onTheWay.UnionWith(more);
        return new(model, [.. candidates.Where(onTheWay.Contains)]);
    }

    /// <summary>What the deletion of a row sets off.</summary>
    public IReadOnlyList<CascadeStep> From(IEntityType deleted) => _from.GetValueOrDefault(deleted) ?? [];

    // A row may be known by its base type only, and what refers to a base type refers to the row as well.
    private static IEnumerable<CascadeStep> StepsFrom(IEntityType type, IEnumerable<CascadeStep> steps) =>
        steps.Where(s => s.Key.PrincipalEntityType.IsAssignableFrom(type) || type.IsAssignableFrom(s.Key.PrincipalEntityType));

    private static CascadeStep? Step(AggregatePlan plan, IForeignKey key)
    {
        var rows = key.DeclaringEntityType;
        var path = new List<INavigation>();
        while (rows.FindOwnership() is { } ownership)
        {
            path.Insert(0, ownership.PrincipalToDependent!);
            rows = ownership.PrincipalEntityType;
        }
        if (rows.FindPrimaryKey() is null)
            return null;
        var touches = plan
            .Members.Where(m => m.Type.IsAssignableFrom(rows) || rows.IsAssignableFrom(m.Type))
            .Select(m => m.Member)
            .Where(m => m.ToParent != key)
            .Distinct();
        return new(key, rows, path.ToArray(), [.. touches]);
    }
}
