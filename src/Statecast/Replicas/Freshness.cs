namespace Statecast.Replicas;

/// <summary>How stale a replica may be: up to date as of an instant of its source's clock, or unknown.</summary>
/// <param name="AsOf">Every change whose commit ended before this instant, by the source database's clock, is in the replica; null if that was never known.</param>
/// <param name="Unknown">Why the statement does not hold now; null while it does.</param>
public readonly record struct Freshness(DateTimeOffset? AsOf, string? Unknown)
{
    /// <summary>Whether the statement holds now.</summary>
    public bool IsKnown => Unknown is null && AsOf is not null;

    /// <summary>The staleness bound at an instant, never negative; null while unknown. Exact only as far as the two machines' clocks agree.</summary>
    public TimeSpan? Staleness(DateTimeOffset now) =>
        IsKnown && AsOf is { } asOf
            ? now > asOf
                ? now - asOf
                : TimeSpan.Zero
            : null;
}
