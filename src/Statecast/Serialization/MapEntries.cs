using System.Buffers;
using System.Collections.Immutable;
using System.ComponentModel;
using Statecast.Contracts;

namespace Statecast.Serialization;

/// <summary>The entries of a map in the order in which they travel: by the UTF-8 bytes of their keys, so that equal maps have equal bodies. Called by generated code.</summary>
/// <typeparam name="TValue">The map's values.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly ref struct MapEntries<TValue>
{
    private static readonly Comparison<KeyValuePair<string, TValue>> ByKey = static (left, right) => Compare(left.Key, right.Key);

    private readonly KeyValuePair<string, TValue>[] _rented;
    private readonly int _count;

    /// <summary>Takes a map's entries.</summary>
    /// <exception cref="StateValueException">The map is null, or a key holds a lone surrogate.</exception>
    public MapEntries(ImmutableDictionary<string, TValue>? map, string path)
    {
        _count = ValueDomain.Present(map, path).Count;
        _rented = ArrayPool<KeyValuePair<string, TValue>>.Shared.Rent(_count);
        var i = 0;
        foreach (var entry in map!)
            _rented[i++] = entry;
        Order(path);
    }

    /// <summary>Takes a map's entries; its own order does not matter.</summary>
    /// <exception cref="StateValueException">The map is null, or a key holds a lone surrogate.</exception>
    public MapEntries(ImmutableSortedDictionary<string, TValue>? map, string path)
    {
        _count = ValueDomain.Present(map, path).Count;
        _rented = ArrayPool<KeyValuePair<string, TValue>>.Shared.Rent(_count);
        var i = 0;
        foreach (var entry in map!)
            _rented[i++] = entry;
        Order(path);
    }

    /// <summary>The entries.</summary>
    public ReadOnlySpan<KeyValuePair<string, TValue>> Span => _rented.AsSpan(0, _count);

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => ArrayPool<KeyValuePair<string, TValue>>.Shared.Return(_rented, clearArray: true);

    private void Order(string path)
    {
        var entries = _rented.AsSpan(0, _count);
        foreach (var entry in entries)
            ValueDomain.Text(entry.Key, path);
        entries.Sort(ByKey);
    }

    // UTF-8 orders by code point. UTF-16 does too, but for surrogates, which stand below U+E000 and mean code points above it.
    private static int Compare(string left, string right)
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
