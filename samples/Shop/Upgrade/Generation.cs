namespace Shop.Upgrade;

/// <summary>Which release of a service runs. A rolling upgrade takes each service from the first to the second, some by way of the one between.</summary>
internal enum Generation
{
    /// <summary>Knows the order contract's first major only.</summary>
    First,

    /// <summary>Built with the second major, beside services that are not: the source writes both, a target still reads the first.</summary>
    Between,

    /// <summary>Writes and reads the second major only.</summary>
    Second,
}

/// <summary>A generation's name on the command line.</summary>
internal static class Generations
{
    public static string NameOf(Generation generation) => generation.ToString().ToLowerInvariant();
}
