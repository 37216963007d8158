using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Statecast.Events;

namespace Statecast.Replicas.InMemory;

/// <summary>What stands before a row's bytes: everything of a fixed size.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct RowHead
{
    public long Seen;
    public long Epoch;
    public long Number;
    public long CapturedTicks;
    public UInt128 Content;
    public long Writes;
    public int KeyChars;
    public int EntriesBytes;
    public int BodyBytes;
    public int Shape;
    public byte Deleted;
    public byte HasContent;
    public byte Operation;

    /// <summary>Whether a queue's two numbers stand behind the body.</summary>
    public byte Numbered;

    public readonly StateRevision Revision => new(Epoch, Number);
}

/// <summary>One row as it lies in a block: head, key (UTF-16), index entries, body.</summary>
internal readonly ref struct RowRecord(Span<byte> block)
{
    public static int HeadBytes { get; } = Unsafe.SizeOf<RowHead>();

    private readonly Span<byte> _block = block;

    public ref RowHead Head => ref Unsafe.As<byte, RowHead>(ref MemoryMarshal.GetReference(_block));

    public Span<byte> Key => _block.Slice(HeadBytes, 2 * Head.KeyChars);

    public Span<byte> Entries => _block.Slice(HeadBytes + (2 * Head.KeyChars), Head.EntriesBytes);

    public int BodyAt => HeadBytes + (2 * Head.KeyChars) + Head.EntriesBytes;

    public Span<byte> Body => _block.Slice(BodyAt, Head.BodyBytes);

    /// <summary>What a queue's two numbers take; a log's rows have none.</summary>
    public const int NumbersBytes = 2 * sizeof(long);

    public int Bytes => BodyAt + Head.BodyBytes + (Head.Numbered * NumbersBytes);

    /// <summary>The numbers of the live lane and of what was sent to this target alone.</summary>
    public (long Live, long Own) Numbers
    {
        get
        {
            if (Head.Numbered == 0)
                return default;
            var numbers = _block[(BodyAt + Head.BodyBytes)..];
            return (MemoryMarshal.Read<long>(numbers), MemoryMarshal.Read<long>(numbers[sizeof(long)..]));
        }
        set
        {
            if (Head.Numbered == 0)
                return;
            var numbers = _block[(BodyAt + Head.BodyBytes)..];
            MemoryMarshal.Write(numbers, value.Live);
            MemoryMarshal.Write(numbers[sizeof(long)..], value.Own);
        }
    }

    public bool IsOf(ReadOnlySpan<char> key) => Head.KeyChars == key.Length && Key.SequenceEqual(MemoryMarshal.AsBytes(key));

    public string KeyText => new(MemoryMarshal.Cast<byte, char>(Key));
}
