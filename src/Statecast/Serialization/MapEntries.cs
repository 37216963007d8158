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
    private static readonly Comparison<KeyValuePair<string, TValue>> ByKey = static (left, right) => TextOrder.Compare(left.Key, right.Key);

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
}
