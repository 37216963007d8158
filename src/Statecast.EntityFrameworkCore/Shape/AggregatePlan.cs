using Microsoft.EntityFrameworkCore.Metadata;
using Statecast.EntityFrameworkCore.Publishing;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>What belongs to a published aggregate in one model.</summary>
internal sealed class AggregatePlan(EfPublication publication, IEntityType root)
{
    public EfPublication Publication { get; } = publication;

    public IEntityType Root { get; } = root;

    /// <summary>The root's primary key.</summary>
    public IReadOnlyList<IProperty> Key { get; } = root.FindPrimaryKey()?.Properties ?? [];

    /// <summary>Paths that read-back includes; owned types come by themselves.</summary>
    public List<string> Includes { get; } = [];

    /// <summary>Paths of dependents and partners that are not read, for the start-up log.</summary>
    public List<string> LeftOut { get; } = [];

    /// <summary>What could make the published state differ from the rows unseen; errors at start.</summary>
    public List<string> Findings { get; } = [];

    /// <summary>The entity types of the aggregate, each with its places in it.</summary>
    public List<(IEntityType Type, AggregateMember Member)> Members { get; } = [];

    /// <summary>How the database's own cascades lead into the aggregate; known once the members are.</summary>
    public CascadePaths Cascades { get; set; } = null!;

    /// <summary>Whether two collections stand side by side, which one joined query would multiply.</summary>
    public bool SplitQuery { get; set; }

    /// <summary>For people.</summary>
    public string Described =>
        $"{(Includes.Count == 0 ? "no navigations" : string.Join(", ", Includes))} (left out: {(LeftOut.Count == 0 ? "none" : string.Join(", ", LeftOut))})";
}
