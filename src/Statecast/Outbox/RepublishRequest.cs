using Statecast.Contracts;

namespace Statecast.Outbox;

/// <summary>A wish to the republisher.</summary>
/// <param name="Contract">The contract's name.</param>
/// <param name="Key">One key's text form, or null for every key of the bucket range.</param>
/// <param name="FirstBucket">The first bucket of the range.</param>
/// <param name="LastBucket">The last bucket of the range, inclusive.</param>
/// <param name="Destination">One destination, or null for all of the contract's.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record RepublishRequest(string Contract, string? Key, int FirstBucket, int LastBucket, string? Destination, string Reason)
{
    /// <summary>Every key of a contract.</summary>
    public static RepublishRequest All(string contract, string reason) => new(contract, null, 0, KeyText.Buckets - 1, null, reason);

    /// <summary>One key of a contract.</summary>
    internal static RepublishRequest Of(string contract, string key, string? destination, string reason)
    {
        var bucket = KeyText.Bucket(key);
        return new(contract, key, bucket, bucket, destination, reason);
    }

    /// <summary>Whether it is of every key.</summary>
    internal bool IsOfAll => Key is null && FirstBucket == 0 && LastBucket == KeyText.Buckets - 1;
}
