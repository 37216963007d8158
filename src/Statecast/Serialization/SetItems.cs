using System.Buffers;
using System.ComponentModel;

namespace Statecast.Serialization;

/// <summary>
/// The items of a set in the order in which they travel, so that equal sets have equal bodies: texts by their UTF-8 bytes, enums by their symbol's
/// place in the schema, all else by value. Called by generated code, which adds every item as it travels.
/// </summary>
/// <typeparam name="T">An item as it travels: an instant in UTC microseconds, an enum as its symbol's index.</typeparam>
/// <param name="capacity">The most items that will be added.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct SetItems<T>(int capacity)
{
    private readonly T[] _rented = ArrayPool<T>.Shared.Rent(capacity);
    private int _count;

    /// <summary>The items.</summary>
    public readonly ReadOnlySpan<T> Span => _rented.AsSpan(0, _count);

    /// <summary>Adds an item.</summary>
    public void Add(T item) => _rented[_count++] = item;

    /// <summary>Orders what was added. Items that differ in memory and not as they travel (two instants within a microsecond) become one.</summary>
    public void Order()
    {
        var items = _rented.AsSpan(0, _count);
        if (typeof(T) == typeof(string))
            items.Sort((Comparison<T>)(object)TextOrder.ByUtf8);
        else
            items.Sort();
        var kept = 0;
        for (var i = 0; i < items.Length; i++)
            if (kept == 0 || !EqualityComparer<T>.Default.Equals(items[i], items[kept - 1]))
                items[kept++] = items[i];
        // What is left behind must not outlive its use in the pool.
        items[kept..].Clear();
        _count = kept;
    }

    /// <summary>Gives the memory back. Without it, after a refused item, the memory is merely collected.</summary>
    public readonly void Dispose()
    {
        _rented.AsSpan(0, _count).Clear();
        ArrayPool<T>.Shared.Return(_rented);
    }
}
