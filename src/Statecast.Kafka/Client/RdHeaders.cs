using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Statecast.Events;

namespace Statecast.Kafka.Client;

/// <summary>The headers of one record after the other, in memory that is used again: the library copies them.</summary>
internal sealed unsafe class RdHeaders : ICloudEventSink
{
    private const int Pinned = 4_096;
    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(Pinned, pinned: true);
    private Piece[] _pieces = new Piece[24];
    private int _used;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Begins with another record's.</summary>
    public void Clear() => Count = _used = 0;

    /// <summary>Takes an attribute as a header.</summary>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Begin(name, value.Length);
        value.CopyTo(_bytes.AsSpan(_used));
        End(value.Length);
    }

    /// <summary>Takes an attribute as a header.</summary>
    public void Add(ReadOnlySpan<byte> name, string value)
    {
        Begin(name, Encoding.UTF8.GetMaxByteCount(value.Length));
        End(Encoding.UTF8.GetBytes(value, _bytes.AsSpan(_used)));
    }

    /// <summary>Writes them as arguments of a send.</summary>
    /// <param name="arguments">As many as there are headers.</param>
    public void Write(Span<RdArgument> arguments)
    {
        var at = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_bytes));
        for (var i = 0; i < Count; i++)
        {
            ref var piece = ref _pieces[i];
            ref var argument = ref arguments[i];
            argument.Kind = RdArgument.Header;
            argument.Operand.Header = new()
            {
                Name = at + piece.Name,
                Value = at + piece.Value,
                Length = piece.Length,
            };
        }
    }

    private void Begin(ReadOnlySpan<byte> name, int longest)
    {
        if (Count == _pieces.Length)
            Array.Resize(ref _pieces, 2 * _pieces.Length);
        var needed = _used + KafkaHeaderNames.LongestPrefix + name.Length + 1 + longest;
        if (needed > _bytes.Length)
            Grow(needed);
        _pieces[Count].Name = _used;
        var prefix = KafkaHeaderNames.PrefixOf(ref name);
        prefix.CopyTo(_bytes.AsSpan(_used));
        name.CopyTo(_bytes.AsSpan(_used + prefix.Length));
        _used += prefix.Length + name.Length;
        _bytes[_used++] = 0;
        _pieces[Count].Value = _used;
    }

    private void End(int length)
    {
        _pieces[Count++].Length = length;
        _used += length;
    }

    private void Grow(int needed)
    {
        var larger = GC.AllocateUninitializedArray<byte>(Math.Max(needed, 2 * _bytes.Length), pinned: true);
        _bytes.AsSpan(0, _used).CopyTo(larger);
        _bytes = larger;
    }

    private struct Piece
    {
        public int Name;
        public int Value;
        public int Length;
    }
}
