namespace Statecast.EntityFrameworkCore.Publishing;

/// <summary>What a publication says about its aggregate.</summary>
internal sealed class EfPublicationSettings
{
    /// <summary>The dependents to read, as paths; empty for all.</summary>
    public HashSet<string> Reads { get; } = new(StringComparer.Ordinal);

    /// <summary>The navigations to leave out.</summary>
    public HashSet<string> Except { get; } = new(StringComparer.Ordinal);

    /// <summary>Navigations to principals and partners that are read although their own changes are not captured.</summary>
    public HashSet<string> ReadsAlso { get; } = new(StringComparer.Ordinal);

    /// <summary>Principals outside the aggregate whose cascading deletes into it are known not to be captured.</summary>
    public HashSet<Type> AcceptedCascades { get; } = [];

    /// <summary>Whether rows that a query filter hides are published.</summary>
    public bool IgnoreFilters { get; set; }

    /// <summary>Whether a predicate decides what is published.</summary>
    public bool HasPredicate { get; set; }

    /// <summary>The root's primary key properties in the order of the contract's key parts; empty to find them by name.</summary>
    public List<string> KeyProperties { get; } = [];

    /// <summary>Turns a row's key into the contract's; null to find a conversion by type.</summary>
    public Func<object, object>? ToContractKey { get; set; }

    /// <summary>The inverse of <see cref="ToContractKey"/>.</summary>
    public Func<object, object>? ToRowKey { get; set; }

    /// <summary>The types that the two conversions take and give.</summary>
    public (Type Row, Type Contract)? KeyTypes { get; set; }

    /// <summary>Stands for everything here that decides which tables belong to the aggregate.</summary>
    public string Signature =>
        $"{Names(Reads)};{Names(Except)};{Names(ReadsAlso)};{Names(AcceptedCascades.Select(t => t.FullName ?? t.Name))};{IgnoreFilters};{HasPredicate}";

    private static string Names(IEnumerable<string> names) => string.Join(',', names.Order(StringComparer.Ordinal));
}
