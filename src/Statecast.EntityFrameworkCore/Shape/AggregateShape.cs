using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Update;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>What is published of one model: worked out once per model, then only read.</summary>
internal sealed class AggregateShape
{
    private readonly Dictionary<IEntityType, IReadOnlyList<AggregateMember>> _members;
    private readonly Dictionary<AggregatePlan, BoundPublication> _bound;
    private readonly Dictionary<IEntityType, IReadOnlyList<CascadePaths>> _cascades;

    public AggregateShape(IModel model, IReadOnlyList<EfPublication> publications)
    {
        var roots = new List<(EfPublication Publication, IEntityType Root)>();
        var findings = new List<string>();
        foreach (var publication in publications)
            if (FindRoot(model, publication, findings) is { } root)
                roots.Add((publication, root));
        var rootTypes = roots.Select(r => r.Root.GetRootType()).ToHashSet();
        var plans = roots.Select(r => AggregatePlanner.Plan(r.Publication, r.Root, rootTypes)).ToList();
        foreach (var plan in plans)
            findings.AddRange(plan.Findings.Select(f => $"{plan.Publication.Publication.Contract.Name}: {f}"));
        _members = plans
            .SelectMany(p => p.Members)
            .GroupBy(m => m.Type, m => m.Member)
            .ToDictionary(g => g.Key, g => (IReadOnlyList<AggregateMember>)[.. g]);
        _cascades = model
            .GetEntityTypes()
            .Select(t => (Type: t, Paths: plans.Select(p => p.Cascades).Where(c => c.From(t).Count > 0).ToList()))
            .Where(c => c.Paths.Count > 0)
            .ToDictionary(c => c.Type, c => (IReadOnlyList<CascadePaths>)c.Paths);
        _bound = plans.ToDictionary(p => p, p => Bind(p, findings));
        Publications = [.. _bound.Values];
        Findings = findings;
    }

    /// <summary>The publications whose root is in this model.</summary>
    public IReadOnlyList<BoundPublication> Publications { get; }

    /// <summary>What must be answered before anything is published.</summary>
    public IReadOnlyList<string> Findings { get; }

    /// <summary>What the model's provider is captured with; null until the first capture.</summary>
    public IDatabaseAdapter? Adapter { get; set; }

    public BoundPublication this[AggregatePlan plan] => _bound[plan];

    public IReadOnlyList<AggregateMember> MembersOf(IEntityType type) => _members.GetValueOrDefault(type) ?? [];

    /// <summary>The aggregates that the database may change by itself when a row of this type is deleted.</summary>
    public IReadOnlyList<CascadePaths> CascadesFrom(IEntityType type) => _cascades.GetValueOrDefault(type) ?? [];

    /// <summary>The first step by which the model says that the deletion of such a row changes published ones; null if there is none.</summary>
    public CascadeStep? DeclaredCascadeFrom(IEntityType type) =>
        CascadesFrom(type).SelectMany(c => c.From(type)).FirstOrDefault(s => s.IsDeclared);

    /// <summary>Whether rows of this type, of one derived from it, or of one it derives from, are published.</summary>
    public bool Publishes(IEntityType type) =>
        _members.ContainsKey(type) || type.GetDerivedTypes().Any(_members.ContainsKey) || type.GetAllBaseTypes().Any(_members.ContainsKey);

    /// <summary>Whether a save changes a published row, or deletes one from which a cascade may reach a published row.</summary>
    public bool Touches(IList<IUpdateEntry> entries)
    {
        foreach (var entry in entries)
            if (
                _members.ContainsKey(entry.EntityType)
                || (entry.EntityState == EntityState.Deleted && _cascades.ContainsKey(entry.EntityType))
            )
                return true;
        return false;
    }

    private static IEntityType? FindRoot(IModel model, EfPublication publication, List<string> findings)
    {
        var name = publication.Publication.Contract.Name;
        var root = model.FindEntityType(publication.RootType);
        if (root is null)
            findings.Add($"{name}: {publication.RootType.Name} is no entity type of this model. Publish a root that the context maps.");
        else if (root.FindPrimaryKey() is null)
            findings.Add($"{name}: {root.ShortName()} has no primary key, so its rows cannot be told apart. Give it one.");
        else if (root.IsOwned())
            findings.Add($"{name}: {root.ShortName()} is owned by another entity. Publish the owner.");
        else
            return root;
        return null;
    }

    private static BoundPublication Bind(AggregatePlan plan, List<string> findings)
    {
        var bound = plan.Publication.Bind(plan);
        if (bound.KeyProblem is { } problem)
            findings.Add($"{plan.Publication.Publication.Contract.Name}: {problem}");
        return bound;
    }
}
