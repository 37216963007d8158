using System.Numerics;

namespace Statecast.Replicas.InMemory;

/// <summary>Where a block is: its slab's number and its offset there. 0 is nowhere.</summary>
internal readonly record struct BlockAddress(long Value)
{
    public BlockAddress(int slab, int offset)
        : this(((long)(slab + 1) << 32) | (uint)offset) { }

    public bool IsNone => Value == 0;

    public int Slab => (int)(Value >> 32) - 1;

    public int Offset => (int)Value;
}

/// <summary>
/// Memory in large arrays that the collector neither walks nor moves, cut into blocks of about an eighth's steps in size. One writer. A block that is given
/// back is used again only after every reader that may see it is gone. A class of sizes whose blocks are mostly free gives its emptiest slab back, so that
/// memory follows what is live.
/// </summary>
internal sealed class SlabHeap(ReadPhases readers)
{
    /// <summary>The largest slab of several blocks.</summary>
    public const int SlabBytes = 1 << 20;

    private const int SmallestSlab = 16 << 10;
    private const int SmallestBlock = 64;
    private const int LargestBlock = 64 << 10;
    private const int SpareSlabs = 8;
    private readonly SizeClass[] _classes = CreateClasses();
    private readonly Stack<int> _numbers = new();
    private readonly Stack<byte[]> _spare = new();

    // Given back, and the readers of that time may not be gone: the older ones are waited for first.
    private List<BlockAddress> _passing = [];
    private List<BlockAddress> _retired = [];

    // Read by anyone, replaced when it grows: an address leads to the same bytes as long as a reader may hold it.
    private Slab?[] _slabs = new Slab?[16];
    private int _used;

    /// <summary>All bytes taken from the runtime.</summary>
    public long Bytes { get; private set; }

    /// <summary>The most that <see cref="Bytes"/> ever was.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>The bytes of a block, to its end.</summary>
    public Span<byte> this[BlockAddress address]
    {
        get
        {
            var slab = Volatile.Read(ref _slabs)[address.Slab]!;
            return slab.Bytes.AsSpan(address.Offset, slab.BlockSize);
        }
    }

    /// <summary>A block of at least so many bytes, with whatever was in it.</summary>
    public BlockAddress Take(int size)
    {
        if (size > LargestBlock)
        {
            var whole = AddSlab(NewBytes(BlockSizeOf(size)), -1, BlockSizeOf(size));
            return new(whole.Number, whole.Take());
        }
        var of = _classes[ClassOf(size)];
        var slab = of.Partial.Count > 0 ? of.Partial[^1] : Grow(of);
        of.FreeBlocks--;
        var offset = slab.Take();
        if (slab.FreeBlocks == 0)
            RemovePartial(of, slab);
        return new(slab.Number, offset);
    }

    /// <summary>Gives a block back; it is not in the index any more.</summary>
    public void Retire(BlockAddress address)
    {
        _retired.Add(address);
        // Often enough that a hot block is used again while the processor holds it, seldom enough to cost nothing.
        if ((_retired.Count & 15) == 0)
            Reclaim();
    }

    /// <summary>Makes the blocks usable whose readers are gone.</summary>
    public void Reclaim()
    {
        while (_passing.Count + _retired.Count > 0)
        {
            if (_passing.Count == 0)
                (_passing, _retired) = (_retired, _passing);
            if (!readers.HavePassed())
                return;
            foreach (var address in _passing)
                Free(address);
            _passing.Clear();
        }
    }

    /// <summary>Whether the slab is still part of the heap.</summary>
    public bool Holds(Slab slab) => _slabs[slab.Number] == slab;

    /// <summary>A slab that is worth emptying, because more than a quarter of its class is free; null if there is none. Nothing new comes into it.</summary>
    public Slab? StartEmptying()
    {
        foreach (var of in _classes)
        {
            if (of.FreeBlocks * 4L <= of.Blocks || of.Partial.Count < 3)
                continue;
            var emptiest = of.Partial[0];
            foreach (var slab in of.Partial)
                if (slab.FreeBlocks * (long)emptiest.Blocks > emptiest.FreeBlocks * (long)slab.Blocks)
                    emptiest = slab;
            // What is moved must find room, or nothing is won.
            if (of.FreeBlocks - emptiest.FreeBlocks < emptiest.Blocks - emptiest.FreeBlocks)
                continue;
            emptiest.IsEmptied = true;
            RemovePartial(of, emptiest);
            of.FreeBlocks -= emptiest.FreeBlocks;
            of.Blocks -= emptiest.Blocks;
            if (emptiest.FreeBlocks < emptiest.Blocks)
                return emptiest;
            Drop(emptiest);
        }
        return null;
    }

    private void Free(BlockAddress address)
    {
        var slab = _slabs[address.Slab]!;
        slab.Give(address.Offset);
        if (slab.SizeClass < 0 || (slab.IsEmptied && slab.FreeBlocks == slab.Blocks))
        {
            Drop(slab);
            return;
        }
        if (slab.IsEmptied)
            return;
        var of = _classes[slab.SizeClass];
        of.FreeBlocks++;
        if (slab.PartialAt < 0)
            AddPartial(of, slab);
        if (slab.FreeBlocks < slab.Blocks || of.Partial.Count < 3)
            return;
        RemovePartial(of, slab);
        of.FreeBlocks -= slab.Blocks;
        of.Blocks -= slab.Blocks;
        Drop(slab);
    }

    // Small at first: a replica of a few keys needs no megabyte for each size.
    private Slab Grow(SizeClass of)
    {
        var most = Math.Max(SmallestSlab, 8 * of.BlockSize);
        var wanted = (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((ulong)of.Blocks * (ulong)of.BlockSize / 4), (ulong)most, SlabBytes);
        var slab = AddSlab(NewBytes(wanted), of.Number, of.BlockSize);
        of.Blocks += slab.Blocks;
        of.FreeBlocks += slab.Blocks;
        AddPartial(of, slab);
        return slab;
    }

    private byte[] NewBytes(int size)
    {
        if (size == SlabBytes && _spare.TryPop(out var spare))
            return spare;
        Bytes += size;
        PeakBytes = Math.Max(PeakBytes, Bytes);
        return GC.AllocateUninitializedArray<byte>(size, pinned: true);
    }

    private Slab AddSlab(byte[] bytes, int sizeClass, int blockSize)
    {
        if (!_numbers.TryPop(out var number))
        {
            number = _used++;
            if (number == _slabs.Length)
            {
                var larger = new Slab?[2 * number];
                _slabs.CopyTo(larger, 0);
                Volatile.Write(ref _slabs, larger);
            }
        }
        var slab = new Slab(number, bytes, sizeClass, blockSize);
        Volatile.Write(ref _slabs[number], slab);
        return slab;
    }

    private void Drop(Slab slab)
    {
        _slabs[slab.Number] = null;
        _numbers.Push(slab.Number);
        if (slab.Bytes.Length == SlabBytes && _spare.Count < SpareSlabs)
            _spare.Push(slab.Bytes);
        else
            Bytes -= slab.Bytes.Length;
    }

    private static void AddPartial(SizeClass of, Slab slab)
    {
        slab.PartialAt = of.Partial.Count;
        of.Partial.Add(slab);
    }

    private static void RemovePartial(SizeClass of, Slab slab)
    {
        var last = of.Partial[^1];
        of.Partial[slab.PartialAt] = last;
        last.PartialAt = slab.PartialAt;
        of.Partial.RemoveAt(of.Partial.Count - 1);
        slab.PartialAt = -1;
    }

    // Eight steps from one power of two to the next: at most an eighth of a block is unused.
    private static int ClassOf(int size)
    {
        var last = (uint)Math.Max(size, SmallestBlock) - 1;
        var power = BitOperations.Log2(last);
        return (8 * (power - 5)) + (int)((last >> (power - 3)) & 7);
    }

    private static int BlockSizeOf(int size)
    {
        // A block of its own: by pages, so that it is not moved for every byte that it grows.
        if (size > LargestBlock)
            return (int)Math.Min(Array.MaxLength, (size + 4095L) & ~4095L);
        var number = ClassOf(size);
        return BlockSizeOfClass(number);
    }

    private static int BlockSizeOfClass(int number) => (1 << ((number / 8) + 2)) * (9 + (number & 7));

    private static SizeClass[] CreateClasses() =>
        [.. Enumerable.Range(0, ClassOf(LargestBlock) + 1).Select(number => new SizeClass(number, BlockSizeOfClass(number)))];

    private sealed class SizeClass(int number, int blockSize)
    {
        public int Number { get; } = number;

        public int BlockSize { get; } = blockSize;

        /// <summary>Slabs with free blocks, without those that are emptied.</summary>
        public List<Slab> Partial { get; } = [];

        public long Blocks { get; set; }

        public long FreeBlocks { get; set; }
    }
}
