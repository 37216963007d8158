namespace Statecast.Publishing;

/// <summary>How a publication sends patches. A full state goes out whenever one of the two is reached, and wherever a patch would not be smaller.</summary>
public sealed class PatchOptions
{
    /// <summary>The most patches of a key between two full states, 1 to 1,000. Default 20: a log keeps as many for who comes later.</summary>
    public int MaxPatches { get; set; } = 20;

    /// <summary>
    /// The longest that a key's last word stays a patch, above zero. Default 5 minutes. A change later than this after the last full state goes out as a full one;
    /// where none comes, the republisher says the state in full.
    /// </summary>
    public TimeSpan FullAfter { get; set; } = TimeSpan.FromMinutes(5);

    internal string? FindProblem() =>
        MaxPatches is < 1 or > 1000 ? $"{nameof(MaxPatches)} is {MaxPatches}: allowed are 1 to 1,000."
        : FullAfter <= TimeSpan.Zero ? $"{nameof(FullAfter)} is {FullAfter}: a time above zero is needed."
        : null;
}
