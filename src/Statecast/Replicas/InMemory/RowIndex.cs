using System.Numerics;

namespace Statecast.Replicas.InMemory;

/// <summary>
/// From keys to blocks: an open table of addresses, which the collector does not walk. One writer, any number of readers without a lock: a key's place is written
/// before its address, an address in one write, and a larger table is filled before it is shown.
/// </summary>
internal sealed class RowIndex(SlabHeap heap)
{
    private const int FirstSlots = 64;
    private Slot[] _slots = new Slot[FirstSlots];

    /// <summary>How many keys there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many slots the table has: for walks. A walk that runs while the table grows may miss or repeat keys.</summary>
    public int Slots => Volatile.Read(ref _slots).Length;

    /// <summary>Where the key's row is; none if there is none. The caller is counted among the readers, or the writer.</summary>
    public BlockAddress Find(ReadOnlySpan<char> key, int hash)
    {
        var slots = Volatile.Read(ref _slots);
        for (var i = Start(hash, slots.Length); ; i = (i + 1) & (slots.Length - 1))
        {
            ref var slot = ref slots[i];
            var address = new BlockAddress(Volatile.Read(ref slot.Address));
            if (address.IsNone)
                return default;
            if (slot.Hash == hash && new RowRecord(heap[address]).IsOf(key))
                return address;
        }
    }

    /// <summary>Where the search for a hash begins: most often the key's own.</summary>
    public BlockAddress First(int hash) => new(_slots[Start(hash, _slots.Length)].Address);

    /// <summary>The address in a slot of the table that is shown now; none for an empty or a vanished one.</summary>
    public BlockAddress At(int slot)
    {
        var slots = Volatile.Read(ref _slots);
        return slot < slots.Length ? new(Volatile.Read(ref slots[slot].Address)) : default;
    }

    /// <summary>Shows another block for a key that is there. The writer's.</summary>
    public void Replace(BlockAddress old, BlockAddress now, int hash)
    {
        for (var i = Start(hash, _slots.Length); ; i = (i + 1) & (_slots.Length - 1))
            if (_slots[i].Address == old.Value)
            {
                Volatile.Write(ref _slots[i].Address, now.Value);
                return;
            }
    }

    /// <summary>Adds a key that is not there. The writer's.</summary>
    public void Add(BlockAddress address, int hash)
    {
        if (3L * (Count + 1) > 2L * _slots.Length)
            Grow();
        Put(_slots, address.Value, hash);
        Count++;
    }

    private void Grow()
    {
        var larger = new Slot[2 * _slots.Length];
        foreach (var slot in _slots)
            if (slot.Address != 0)
                Put(larger, slot.Address, slot.Hash);
        Volatile.Write(ref _slots, larger);
    }

    private static void Put(Slot[] slots, long address, int hash)
    {
        var i = Start(hash, slots.Length);
        while (slots[i].Address != 0)
            i = (i + 1) & (slots.Length - 1);
        slots[i].Hash = hash;
        Volatile.Write(ref slots[i].Address, address);
    }

    // The upper bits choose the place, so that neighbours in the table are not neighbours in the hash as well.
    private static int Start(int hash, int slots) => (int)((uint)(hash * -1640531527) >> (32 - BitOperations.Log2((uint)slots)));

    private struct Slot
    {
        public long Address;
        public int Hash;
    }
}
