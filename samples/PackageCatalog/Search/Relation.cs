namespace PackageCatalog.Search;

/// <summary>A relation between packages, for example <c>default-mta | mail-transport-agent (>= 1:2.0)</c>.</summary>
internal static class Relation
{
    /// <summary>The names in a relation, without version, architecture and qualifier.</summary>
    public static IEnumerable<string> NamesOf(string relation) =>
        relation.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(NameOf);

    private static string NameOf(string alternative)
    {
        var end = alternative.AsSpan().IndexOfAny(" (:[<");
        return end < 0 ? alternative : alternative[..end];
    }
}
