using System.Globalization;

namespace Statecast.Events;

/// <summary>Orders the states of one key: by the incarnation of the source's database, then by the counter of captured changes. Gaps are normal.</summary>
/// <param name="Epoch">The incarnation of the source's database.</param>
/// <param name="Number">The counter per key, from 1; 0 is a removed orphan's tombstone.</param>
public readonly record struct StateRevision(long Epoch, long Number) : IComparable<StateRevision>
{
    /// <inheritdoc/>
    public int CompareTo(StateRevision other) => Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Number.CompareTo(other.Number);

    /// <summary>Whether the left revision is older.</summary>
    public static bool operator <(StateRevision left, StateRevision right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left revision is newer.</summary>
    public static bool operator >(StateRevision left, StateRevision right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left revision is older or the same.</summary>
    public static bool operator <=(StateRevision left, StateRevision right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left revision is newer or the same.</summary>
    public static bool operator >=(StateRevision left, StateRevision right) => left.CompareTo(right) >= 0;

    /// <summary><c>epoch:number</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}:{Number}");
}
