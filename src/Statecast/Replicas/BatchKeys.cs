using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Statecast.Replicas;

/// <summary>
/// The keys of a batch, each once, numbered in the order in which they came. A key is hashed once: the batch groups its events by it, and a store in memory finds
/// the row by it. Used again for later batches.
/// </summary>
[SuppressMessage("Naming", "CA1710", Justification = "A word of the design, not a general collection.")]
internal sealed class BatchKeys : IReadOnlyList<string>
{
    private const int FirstKeys = 64;
    private string[] _keys = new string[FirstKeys];
    private int[] _hashes = new int[FirstKeys];

    // An open table of numbers, each one higher than the key's: 0 is free. At most half full.
    private int[] _table = new int[2 * FirstKeys];

    public BatchKeys() { }

    public BatchKeys(IEnumerable<string> keys)
    {
        foreach (var key in keys)
            Add(key);
    }

    public int Count { get; private set; }

    public string this[int number] => _keys[number];

    /// <summary>The hash of a key, by its number.</summary>
    public int HashOf(int number) => _hashes[number];

    /// <summary>The key's number: a new one, <see cref="Count"/> before, if it was not there.</summary>
    public int Add(string key)
    {
        if (Count == _keys.Length)
            Grow();
        var hash = KeyHash.Of(key);
        var mask = _table.Length - 1;
        for (var slot = hash & mask; ; slot = (slot + 1) & mask)
        {
            var number = _table[slot] - 1;
            if (number < 0)
            {
                _table[slot] = Count + 1;
                _hashes[Count] = hash;
                _keys[Count] = key;
                return Count++;
            }
            if (_hashes[number] == hash && _keys[number] == key)
                return number;
        }
    }

    /// <summary>The number of a key that was added; -1 for another. Keys are asked for in the order of their numbers: the search begins at <paramref name="from"/>.</summary>
    public int Find(string key, int from)
    {
        if (from < Count && _keys[from] == key)
            return from;
        var hash = KeyHash.Of(key);
        var mask = _table.Length - 1;
        for (var slot = hash & mask; ; slot = (slot + 1) & mask)
        {
            var number = _table[slot] - 1;
            if (number < 0 || (_hashes[number] == hash && _keys[number] == key))
                return number;
        }
    }

    public void Clear()
    {
        // A table that one large batch made is not swept for every small one.
        if (_table.Length > 16 * Count)
            for (var number = 0; number < Count; number++)
                Forget(_hashes[number]);
        else
            Array.Clear(_table);
        Array.Clear(_keys, 0, Count);
        Count = 0;
    }

    public IEnumerator<string> GetEnumerator()
    {
        for (var number = 0; number < Count; number++)
            yield return _keys[number];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // All keys are forgotten at once: whatever stands from here to the next free slot goes too.
    private void Forget(int hash)
    {
        var mask = _table.Length - 1;
        for (var slot = hash & mask; _table[slot] != 0; slot = (slot + 1) & mask)
            _table[slot] = 0;
    }

    private void Grow()
    {
        Array.Resize(ref _keys, 2 * Count);
        Array.Resize(ref _hashes, 2 * Count);
        _table = new int[BitOperations.RoundUpToPowerOf2((uint)(4 * Count))];
        var mask = _table.Length - 1;
        for (var number = 0; number < Count; number++)
        {
            var slot = _hashes[number] & mask;
            while (_table[slot] != 0)
                slot = (slot + 1) & mask;
            _table[slot] = number + 1;
        }
    }
}
