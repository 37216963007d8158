using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Statecast.Replicas.InMemory;

/// <summary>Index entries as bytes of their row: a reader sees a row and the values it stands under at one moment. Each is an index's number, a length and UTF-16.</summary>
internal sealed class EntryCodec
{
    private const int HeadBytes = 8;

    // Indexes are few: names by number, replaced when one is added.
    private string[] _names = [];

    public int SizeOf(IReadOnlyList<IndexEntry> entries)
    {
        var size = 0;
        // By number: an enumerator of the interface would be an allocation for every row.
        for (var i = 0; i < entries.Count; i++)
            size += HeadBytes + (2 * entries[i].Value.Length);
        return size;
    }

    public void Write(IReadOnlyList<IndexEntry> entries, Span<byte> destination)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            var value = MemoryMarshal.AsBytes(entries[i].Value.AsSpan());
            BinaryPrimitives.WriteInt32LittleEndian(destination, NumberOf(entries[i].Index));
            BinaryPrimitives.WriteInt32LittleEndian(destination[4..], value.Length);
            value.CopyTo(destination[HeadBytes..]);
            destination = destination[(HeadBytes + value.Length)..];
        }
    }

    public IReadOnlyList<IndexEntry> Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return [];
        var names = Volatile.Read(ref _names);
        var entries = new List<IndexEntry>();
        while (!bytes.IsEmpty)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
            var value = new string(MemoryMarshal.Cast<byte, char>(bytes.Slice(HeadBytes, length)));
            entries.Add(new(names[BinaryPrimitives.ReadInt32LittleEndian(bytes)], value));
            bytes = bytes[(HeadBytes + length)..];
        }
        return entries;
    }

    private int NumberOf(string index)
    {
        var names = _names;
        for (var i = 0; i < names.Length; i++)
            if (names[i] == index)
                return i;
        Volatile.Write(ref _names, [.. names, index]);
        return names.Length;
    }
}
