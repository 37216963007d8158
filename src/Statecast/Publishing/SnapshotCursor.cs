using System.Globalization;

namespace Statecast.Publishing;

/// <summary>How far a range of a run got: begun with this cut, and walked up to a key. Its text stands in the request's cursor; null before it began.</summary>
/// <param name="Cut">The live lane's counter when it began.</param>
/// <param name="After">The last head that was walked; null for none.</param>
internal readonly record struct SnapshotCursor(long Cut, string? After)
{
    public static SnapshotCursor? Parse(string? cursor)
    {
        if (cursor is not ['s', .. var rest] || rest.IndexOf(':', StringComparison.Ordinal) is not (> 0 and var colon))
            return null;
        return new(
            long.Parse(rest.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture),
            rest[(colon + 1)..] is { Length: > 0 } after ? after : null
        );
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"s{Cut}:{After}");
}
