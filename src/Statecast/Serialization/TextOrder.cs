namespace Statecast.Serialization;

/// <summary>The order of texts within a body: by their UTF-8 bytes, which every language can follow.</summary>
internal static class TextOrder
{
    public static readonly Comparison<string> ByUtf8 = Compare;

    // UTF-8 orders by code point. UTF-16 does too, but for surrogates, which stand below U+E000 and mean code points above it.
    public static int Compare(string left, string right)
    {
        var same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
            return left.Length - right.Length;
        var l = left[same];
        var r = right[same];
        return char.IsSurrogate(l) == char.IsSurrogate(r) ? l - r
            : char.IsSurrogate(l) ? (r >= '\uE000' ? 1 : l - r)
            : l >= '\uE000' ? -1
            : l - r;
    }
}
