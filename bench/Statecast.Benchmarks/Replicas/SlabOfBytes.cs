using System.Runtime.InteropServices;
using Statecast.Transport;

namespace Statecast.Benchmarks.Replicas;

/// <summary>
/// The limit: states in large pinned arrays, overwritten in place, one writer. A reader copies a state and looks whether its row's counter stood still and even
/// meanwhile, so that it never takes a torn state. The table has room for all keys from the start.
/// </summary>
internal sealed class SlabOfBytes(int keys)
{
    private const int SlabBytes = 1 << 22;
    private readonly Dictionary<string, int> _index = new(keys, StringComparer.Ordinal);
    private readonly Entry[] _entries = new Entry[keys];
    private readonly List<byte[]> _slabs = new(1024);
    private int _at = SlabBytes;

    public void Apply(ReadOnlySpan<ReceivedEvent> batch)
    {
        foreach (var received in batch)
        {
            var incoming = received.Event!;
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_index, incoming.Key, out var known);
            if (!known)
                number = _index.Count - 1;
            ref var entry = ref _entries[number];
            if (known && (entry.Epoch, entry.Revision).CompareTo((incoming.Revision.Epoch, incoming.Revision.Number)) >= 0)
                continue;
            Volatile.Write(ref entry.Counter, entry.Counter + 1);
            Thread.MemoryBarrier();
            Put(ref entry, incoming.Body.Span);
            (entry.Epoch, entry.Revision) = (incoming.Revision.Epoch, incoming.Revision.Number);
            Volatile.Write(ref entry.Counter, entry.Counter + 1);
        }
    }

    /// <returns>The bytes copied; -1 for an unknown key.</returns>
    public int Read(string key, Span<byte> destination)
    {
        if (!_index.TryGetValue(key, out var number))
            return -1;
        ref var entry = ref _entries[number];
        while (true)
        {
            var before = Volatile.Read(ref entry.Counter);
            var length = entry.Length;
            if ((before & 1) == 0 && length <= destination.Length)
            {
                _slabs[entry.Slab].AsSpan(entry.Offset, length).CopyTo(destination);
                Thread.MemoryBarrier();
                if (Volatile.Read(ref entry.Counter) == before)
                    return length;
            }
            Thread.SpinWait(1);
        }
    }

    /// <summary>Comes as far as where a state's bytes are.</summary>
    /// <returns>Their number; -1 for an unknown key.</returns>
    public int Find(string key) =>
        _index.TryGetValue(key, out var number)
            ? _slabs[_entries[number].Slab].AsSpan(_entries[number].Offset, _entries[number].Length).Length
            : -1;

    private void Put(ref Entry entry, ReadOnlySpan<byte> body)
    {
        if (entry.Capacity < body.Length)
        {
            var capacity = (body.Length + 63) & ~63;
            if (_at + capacity > SlabBytes)
            {
                _slabs.Add(GC.AllocateUninitializedArray<byte>(SlabBytes, pinned: true));
                _at = 0;
            }
            (entry.Slab, entry.Offset, entry.Capacity) = (_slabs.Count - 1, _at, capacity);
            _at += capacity;
        }
        body.CopyTo(_slabs[entry.Slab].AsSpan(entry.Offset));
        entry.Length = body.Length;
    }

    private struct Entry
    {
        public long Counter;
        public long Epoch;
        public long Revision;
        public int Slab;
        public int Offset;
        public int Length;
        public int Capacity;
    }
}
