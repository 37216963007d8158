using System.Collections.Immutable;

namespace Statecast.Replicas;

/// <summary>
/// Which keys a replica had newer than its source has them, after the source's database went back (restored from an older copy): each fell to an older state,
/// to another one under the same revision, or was dropped.
/// </summary>
/// <param name="Epoch">The source's new epoch.</param>
/// <param name="Count">How many keys.</param>
/// <param name="First">The first of them, at most <see cref="MaxKeys"/>.</param>
public sealed record WentBackKeys(long Epoch, long Count, ImmutableList<string> First)
{
    /// <summary>The most keys that are named.</summary>
    public const int MaxKeys = 1_000;

    /// <summary>Adds a key; one of a newer epoch begins anew.</summary>
    internal static WentBackKeys Add(WentBackKeys? before, string key, long epoch)
    {
        var known = before is { } last && last.Epoch >= epoch ? last : new(epoch, 0, []);
        return known with { Count = known.Count + 1, First = known.First.Count < MaxKeys ? known.First.Add(key) : known.First };
    }
}
