using Statecast.Contracts;

namespace Statecast.Publishing;

/// <summary>
/// A range of the 4,096 buckets into which every key falls by its text: part of a contract's keys, the same for every replica and for ever.
/// For republishing a large contract piece by piece.
/// </summary>
public readonly record struct BucketRange
{
    /// <summary>A range.</summary>
    /// <param name="first">The first bucket, 0 to 4,095.</param>
    /// <param name="last">The last bucket, not below the first.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such range.</exception>
    public BucketRange(int first, int last)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(last, first);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(last, KeyText.Buckets);
        First = first;
        Last = last;
    }

    /// <summary>All keys.</summary>
    public static BucketRange All { get; } = new(0, KeyText.Buckets - 1);

    /// <summary>The first bucket.</summary>
    public int First { get; }

    /// <summary>The last bucket, inclusive.</summary>
    public int Last { get; }

    /// <summary>One of several parts of about equal size, which together are all keys.</summary>
    /// <param name="number">Which part, from 0.</param>
    /// <param name="parts">How many parts, 1 to 4,096.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such part.</exception>
    public static BucketRange Part(int number, int parts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, KeyText.Buckets);
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, parts);
        return new(number * KeyText.Buckets / parts, (number + 1) * KeyText.Buckets / parts - 1);
    }
}
