using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Publishing;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>
/// Walks a model from a published root and decides what belongs to the aggregate: owned types always, dependents unless they are left out,
/// principals and partners only by name. Whatever would be missed in silence becomes a finding.
/// </summary>
internal sealed class AggregatePlanner
{
    private readonly AggregatePlan _plan;
    private readonly EfPublicationSettings _settings;
    private readonly IReadOnlySet<IEntityType> _publishedRoots;
    private readonly HashSet<string> _unused;

    private AggregatePlanner(AggregatePlan plan, IReadOnlySet<IEntityType> publishedRoots)
    {
        _plan = plan;
        _settings = plan.Publication.Settings;
        _publishedRoots = publishedRoots;
        _unused = [.. _settings.Reads, .. _settings.Except, .. _settings.ReadsAlso];
    }

    /// <summary>Plans one publication.</summary>
    /// <param name="publication">The publication.</param>
    /// <param name="root">Its root.</param>
    /// <param name="publishedRoots">The root types of all publications: an aggregate does not silently contain another.</param>
    public static AggregatePlan Plan(EfPublication publication, IEntityType root, IReadOnlySet<IEntityType> publishedRoots)
    {
        var planner = new AggregatePlanner(new(publication, root), publishedRoots);
        planner.Add(root, new(planner._plan, null, null), "", [root.GetRootType()]);
        planner._plan.Cascades = CascadePaths.Into(planner._plan, planner.IsAccepted);
        planner.AddFindings();
        return planner._plan;
    }

    private void Add(IEntityType type, AggregateMember member, string path, IReadOnlyList<IEntityType> above)
    {
        var collections = 0;
        foreach (var concrete in type.GetDerivedTypesInclusive())
        {
            _plan.Members.Add((concrete, member));
            var navigations = concrete == type ? concrete.GetNavigations() : concrete.GetDeclaredNavigations();
            foreach (var navigation in navigations)
                if (AddNavigation(navigation, member, Join(path, navigation.Name), above) && navigation.IsCollection)
                    collections++;
            var skips = concrete == type ? concrete.GetSkipNavigations() : concrete.GetDeclaredSkipNavigations();
            foreach (var skip in skips)
                if (AddSkipNavigation(skip, member, Join(path, skip.Name)))
                    collections++;
        }
        if (collections > 1)
            _plan.SplitQuery = true;
    }

    private bool AddNavigation(INavigation navigation, AggregateMember member, string path, IReadOnlyList<IEntityType> above)
    {
        if (navigation.ForeignKey == member.ToParent)
            return false;
        var target = navigation.TargetEntityType;
        if (navigation.ForeignKey.IsOwnership)
        {
            if (!navigation.IsOnDependent)
                Add(target, new(_plan, navigation.ForeignKey, member), path, above);
            // An owned collection is read like any other; kept in a JSON column it is no join.
            return !navigation.IsOnDependent && !target.IsMappedToJson();
        }
        if (navigation.IsOnDependent)
            return AddPartner(path, $"{path} points to a principal, {target.ShortName()}");
        if (!Chosen(path))
        {
            _plan.LeftOut.Add(path);
            return false;
        }
        if (Unanswered(path, target, above) is { } finding)
        {
            _plan.Findings.Add(finding);
            return false;
        }
        _plan.Includes.Add(path);
        Add(target, new(_plan, navigation.ForeignKey, member), path, [.. above, target.GetRootType()]);
        return true;
    }

    private bool AddSkipNavigation(ISkipNavigation skip, AggregateMember member, string path)
    {
        if (Mark(_settings.Except, path))
        {
            _plan.LeftOut.Add(path);
            return false;
        }
        if (!_settings.ReadsAlso.Contains(path) && _settings.Reads.Count == 0)
        {
            _plan.Findings.Add(
                $"{path} is many-to-many and neither read nor left out. Say ReadsAlso(\"{path}\") to publish the links (a change of {skip.TargetEntityType.ShortName()} itself is not captured), or Except(\"{path}\")."
            );
            return false;
        }
        if (!AddPartner(path, $"{path} is many-to-many: the links are captured, a change of {skip.TargetEntityType.ShortName()}"))
            return false;
        _plan.Members.Add((skip.JoinEntityType, new(_plan, skip.ForeignKey, member)));
        return true;
    }

    /// <summary>A navigation whose target is not part of the aggregate: read only if it, or something beyond it, is named for that.</summary>
    private bool AddPartner(string path, string what)
    {
        var named = _settings.ReadsAlso.Where(p => p == path || IsBelow(p, path)).ToList();
        if (named.Count > 0)
        {
            _plan.Includes.AddRange(named);
            _unused.ExceptWith(named);
            return true;
        }
        if (Mark(_settings.Reads, path))
            _plan.Findings.Add($"{what}: its own changes are not captured. Say ReadsAlso(\"{path}\") if that is good enough.");
        Mark(_settings.Except, path);
        _plan.LeftOut.Add(path);
        return false;
    }

    private bool Chosen(string path)
    {
        if (Mark(_settings.Except, path))
            return false;
        // A longer path implies the shorter one.
        return _settings.Reads.Count == 0 || Mark(_settings.Reads, path) || _settings.Reads.Any(p => IsBelow(p, path));
    }

    private string? Unanswered(string path, IEntityType target, IReadOnlyList<IEntityType> above)
    {
        if (_settings.Reads.Contains(path))
            return null;
        if (above.Contains(target.GetRootType()))
            return $"{path} leads back to {target.ShortName()}, so \"all dependents\" has no end. Say Except(\"{path}\"), or Reads(…) with every path to read.";
        return _publishedRoots.Contains(target.GetRootType())
            ? $"{path} leads to {target.ShortName()}, which is published itself. Say Except(\"{path}\") to keep the aggregates apart, or Reads(…) with every path to read."
            : null;
    }

    private void AddFindings()
    {
        foreach (var step in _plan.Cascades.Steps.Where(s => s.IsDeclared && !HasTable(s.Key.PrincipalEntityType)))
            _plan.Findings.Add(
                $"The database cascades from {step.Described}, but {step.Key.PrincipalEntityType.ShortName()} is mapped to no table here: its rows are deleted by others, no tracked row tells of it, and what the cascade changes is not captured. Map the table, use DeleteBehavior.Restrict or a Client behaviour if there is no such cascade, or say AcceptCascadeFrom<{step.Key.PrincipalEntityType.ShortName()}>()."
            );
        if (!_settings.HasPredicate && !_settings.IgnoreFilters)
            foreach (
                var type in _plan.Members.Select(m => m.Type.GetRootType()).Distinct().Where(t => t.GetDeclaredQueryFilters().Count > 0)
            )
                _plan.Findings.Add(
                    $"{type.ShortName()} has a query filter, and capture reads past it. Say Where(…) to publish only what the filter shows (a row it hides is then published as Delete), or IgnoreFilters() to publish everything."
                );
        foreach (var path in _unused.Order(StringComparer.Ordinal))
            _plan.Findings.Add(
                $"\"{path}\" is no navigation of the aggregate of {_plan.Root.ShortName()}. Correct the name in Reads, Except or ReadsAlso."
            );
    }

    private bool IsAccepted(IEntityType principal) => _settings.AcceptedCascades.Any(t => t.IsAssignableFrom(principal.ClrType));

    private static bool HasTable(IEntityType type) => type.GetDerivedTypesInclusive().Any(t => t.GetTableName() is not null);

    /// <summary>Whether a setting names this very path; it is then known to be used.</summary>
    private bool Mark(HashSet<string> named, string path)
    {
        if (!named.Contains(path))
            return false;
        _unused.Remove(path);
        return true;
    }

    private static bool IsBelow(string path, string above) =>
        path.Length > above.Length && path[above.Length] == '.' && path.StartsWith(above, StringComparison.Ordinal);

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
