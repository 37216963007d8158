namespace Statecast.Replicas.InMemory;

/// <summary>One large array cut into blocks of one size. The writer's, but for <see cref="Bytes"/>.</summary>
internal sealed class Slab(int number, byte[] bytes, int sizeClass, int blockSize)
{
    private readonly int[] _free = new int[bytes.Length / blockSize];
    private int _freed;
    private int _untouched;

    /// <summary>Its place in the heap.</summary>
    public int Number { get; } = number;

    public byte[] Bytes { get; } = bytes;

    public int SizeClass { get; } = sizeClass;

    public int BlockSize { get; } = blockSize;

    /// <summary>How many blocks it has.</summary>
    public int Blocks => _free.Length;

    /// <summary>How many of them are free.</summary>
    public int FreeBlocks => _freed + Blocks - _untouched;

    /// <summary>Its place among its class's slabs that have free blocks; -1 if it is none of them.</summary>
    public int PartialAt { get; set; } = -1;

    /// <summary>Whether its blocks are being moved away: nothing new comes here.</summary>
    public bool IsEmptied { get; set; }

    /// <summary>The end of what was ever used: where a walk over the blocks stops.</summary>
    public int UsedBytes => _untouched * BlockSize;

    /// <summary>The offset of a free block: the one freed last, which the processor may still hold.</summary>
    public int Take() => _freed > 0 ? _free[--_freed] : _untouched++ * BlockSize;

    public void Give(int offset) => _free[_freed++] = offset;
}
