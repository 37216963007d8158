using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Statecast.Replicas.InMemory;

/// <summary>The declared indexes of a replica in memory. One writer, any number of readers: each value's keys are one immutable set.</summary>
internal sealed class MemoryIndex
{
    private readonly ConcurrentDictionary<IndexEntry, ImmutableSortedSet<string>> _keys = new();

    public ImmutableSortedSet<string> Keys(IndexEntry entry) => _keys.GetValueOrDefault(entry, Empty);

    public void Replace(string key, IReadOnlyList<IndexEntry> old, IReadOnlyList<IndexEntry> current)
    {
        foreach (var entry in old)
        {
            if (current.Contains(entry))
                continue;
            var left = Keys(entry).Remove(key);
            if (left.IsEmpty)
                _keys.TryRemove(entry, out _);
            else
                _keys[entry] = left;
        }
        foreach (var entry in current)
            if (!old.Contains(entry))
                _keys[entry] = Keys(entry).Add(key);
    }

    private static readonly ImmutableSortedSet<string> Empty = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
}
