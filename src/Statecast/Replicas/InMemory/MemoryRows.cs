using System.Runtime.InteropServices;
using Statecast.Events;
using Statecast.Serialization;

namespace Statecast.Replicas.InMemory;

/// <summary>
/// The rows of a replica in memory, as bytes. One writer; readers take no lock and never see half a row: a row is written into a block that nobody reads, shown by
/// one write of its address, and never changed there, but for the one number that says which handlers have seen it.
/// </summary>
internal sealed class MemoryRows
{
    /// <summary>How many blocks one call moves at most: a commit is not held up for long.</summary>
    private const int MovesPerCall = 512;

    private readonly ReadPhases _readers;
    private readonly SlabHeap _heap;
    private readonly RowIndex _index;
    private readonly EntryCodec _entries = new();

    // The codecs and schemas that rows name by number; replaced when one is added.
    private Shape[] _shapes = [];
    private (Slab Slab, int Offset)? _emptying;

    // Keeps the compiler from leaving out the reads that fetch.
    private int _touched;

    /// <summary>No rows.</summary>
    /// <param name="readers">A test's own, to show that it finds a broken one; null for the real one.</param>
    public MemoryRows(ReadPhases? readers = null)
    {
        _readers = readers ?? new();
        _heap = new(_readers);
        _index = new(_heap);
    }

    /// <summary>Bytes taken for rows.</summary>
    public long Bytes => _heap.Bytes;

    /// <summary>The most that was ever taken for rows.</summary>
    public long PeakBytes => _heap.PeakBytes;

    /// <summary>Reads a key's row; false if it was never seen. Its bytes are valid during the call only.</summary>
    public bool TryRead<TArgument>(string key, TArgument argument, RowReader<TArgument> read)
    {
        var hash = KeyHash.Of(key);
        var phase = _readers.Enter();
        try
        {
            var address = _index.Find(key, hash);
            if (address.IsNone)
                return false;
            var record = new RowRecord(_heap[address]);
            read(record.Head.Revision, record.Body, argument);
            return true;
        }
        finally
        {
            _readers.Exit(phase);
        }
    }

    /// <summary>A key's row, a tombstone too.</summary>
    public ReplicaRow? Find(string key, bool withBody, bool withEntries)
    {
        var hash = KeyHash.Of(key);
        var phase = _readers.Enter();
        try
        {
            var address = _index.Find(key, hash);
            if (address.IsNone)
                return null;
            var record = new RowRecord(_heap[address]);
            var row = Map(key, record, ReplicaRow.Blank(), withBody);
            return withEntries ? row with { Entries = _entries.Read(record.Entries) } : row;
        }
        finally
        {
            _readers.Exit(phase);
        }
    }

    /// <summary>
    /// Finds many keys at once, each by its number. The writer's. In steps over all of them, so that the processor waits for memory once for many keys, not twice
    /// for each.
    /// </summary>
    public void Locate(BatchKeys keys, Span<BlockAddress> located)
    {
        for (var i = 0; i < keys.Count; i++)
            located[i] = _index.First(keys.HashOf(i));
        var seen = 0;
        for (var i = 0; i < keys.Count; i++)
            if (!located[i].IsNone)
                seen += _heap[located[i]][0];
        _touched = seen;
        for (var i = 0; i < keys.Count; i++)
            located[i] = _index.Find(keys[i], keys.HashOf(i));
    }

    /// <summary>Has the bodies of rows that are about to be written come from memory side by side, not each when it is copied. The writer's.</summary>
    public void Fetch(List<ReplicaRow> rows, int from, int end)
    {
        var seen = 0;
        for (var i = from; i < end; i++)
            if (rows[i].Body.Span is [var first, ..])
                seen += first;
        _touched = seen;
    }

    /// <summary>A found row, without its index entries. The writer's.</summary>
    public ReplicaRow Read(string key, BlockAddress address, ReplicaRow into, bool withBody) =>
        Map(key, new RowRecord(_heap[address]), into, withBody);

    /// <summary>Whether a row plainly follows what is there (<see cref="IReplicaUnit.Follow"/>); then it is what is to be written. The writer's.</summary>
    public bool Follow(BlockAddress address, ReplicaRow row)
    {
        if (address.IsNone)
            return true;
        var record = new RowRecord(_heap[address]);
        ref var head = ref record.Head;
        if (head.Epoch != row.Revision.Epoch || head.Number >= row.Revision.Number || head.Deleted != 0 || head.EntriesBytes != 0)
            return false;
        var (live, own) = record.Numbers;
        row.Follow(head.Seen, head.Writes, live, own);
        return true;
    }

    /// <summary>All keys, tombstones too. Keys that come meanwhile may be missing.</summary>
    public HashSet<string> Keys()
    {
        const int slotsAtOnce = 1024;
        var keys = new HashSet<string>(_index.Count, StringComparer.Ordinal);
        int slots;
        do
        {
            // A table that grew has its keys elsewhere: it is walked again.
            slots = _index.Slots;
            for (var from = 0; from < slots; from += slotsAtOnce)
            {
                var phase = _readers.Enter();
                try
                {
                    for (var i = from; i < Math.Min(slots, from + slotsAtOnce); i++)
                        if (_index.At(i) is { IsNone: false } address)
                            keys.Add(new RowRecord(_heap[address]).KeyText);
                }
                finally
                {
                    _readers.Exit(phase);
                }
            }
        } while (slots != _index.Slots);
        return keys;
    }

    /// <summary>Writes a row of a key that was not looked up before. The writer's.</summary>
    public (bool WasState, IReadOnlyList<IndexEntry> Entries) Put(ReplicaRow row)
    {
        var hash = KeyHash.Of(row.Key);
        var address = _index.Find(row.Key, hash);
        return Put(row, hash, ref address);
    }

    /// <summary>Writes a row. The writer's.</summary>
    /// <param name="row">The row.</param>
    /// <param name="hash">Its key's hash.</param>
    /// <param name="address">Where the key is, then where it is now.</param>
    /// <returns>Whether the key was there with a state, and its index entries.</returns>
    public (bool WasState, IReadOnlyList<IndexEntry> Entries) Put(ReplicaRow row, int hash, ref BlockAddress address)
    {
        var old = address;
        var key = row.Key.AsSpan();
        var entries = _entries.SizeOf(row.Entries);
        var numbers = IsNumbered(row) ? RowRecord.NumbersBytes : 0;
        var block = _heap.Take(RowRecord.HeadBytes + (2 * key.Length) + entries + row.Body.Length + numbers);
        address = block;
        Write(new RowRecord(_heap[block]), row, entries);
        if (old.IsNone)
        {
            _index.Add(block, hash);
            return (false, []);
        }
        var before = new RowRecord(_heap[old]);
        var result = (before.Head.Deleted == 0, _entries.Read(before.Entries));
        _index.Replace(old, block, hash);
        _heap.Retire(old);
        return result;
    }

    /// <summary>Notes that a handler has seen the key. The writer's; readers see the number before or after.</summary>
    public void AddSeen(string key, long bits)
    {
        var address = _index.Find(key, KeyHash.Of(key));
        if (address.IsNone)
            return;
        ref var seen = ref new RowRecord(_heap[address]).Head.Seen;
        Volatile.Write(ref seen, seen | bits);
    }

    /// <summary>Gives back what nobody reads any more, and moves rows together where much of their slabs is free. The writer's, after each commit.</summary>
    public void Tidy()
    {
        _heap.Reclaim();
        if (_emptying is { } before && !_heap.Holds(before.Slab))
            _emptying = null;
        _emptying ??= _heap.StartEmptying() is { } slab ? (slab, 0) : null;
        if (_emptying is not { } at)
            return;
        var end = Math.Min(at.Slab.UsedBytes, at.Offset + (MovesPerCall * at.Slab.BlockSize));
        // Rows that are replaced meanwhile leave it too: it may be gone before the walk ends.
        for (var offset = at.Offset; offset < end && _heap.Holds(at.Slab); offset += at.Slab.BlockSize)
            Move(new(at.Slab.Number, offset));
        _emptying = end < at.Slab.UsedBytes && _heap.Holds(at.Slab) ? (at.Slab, end) : null;
        _heap.Reclaim();
    }

    // A block that its key does not lead to is free, or given back already.
    private void Move(BlockAddress from)
    {
        var record = new RowRecord(_heap[from]);
        var key = MemoryMarshal.Cast<byte, char>(record.Key);
        var hash = KeyHash.Of(key);
        if (_index.Find(key, hash) != from)
            return;
        var size = record.Bytes;
        var to = _heap.Take(size);
        _heap[from][..size].CopyTo(_heap[to]);
        _index.Replace(from, to, hash);
        _heap.Retire(from);
    }

    private void Write(RowRecord record, ReplicaRow row, int entries)
    {
        ref var head = ref record.Head;
        head = new()
        {
            Seen = row.Seen,
            Epoch = row.Revision.Epoch,
            Number = row.Revision.Number,
            CapturedTicks = row.CapturedAt.UtcTicks,
            Content = row.Content?.Value ?? 0,
            Writes = row.Writes,
            KeyChars = row.Key.Length,
            EntriesBytes = entries,
            BodyBytes = row.Body.Length,
            Shape = ShapeOf(row),
            Deleted = row.Deleted ? (byte)1 : (byte)0,
            HasContent = row.Content is null ? (byte)0 : (byte)1,
            Operation = (byte)row.Operation,
            Numbered = IsNumbered(row) ? (byte)1 : (byte)0,
        };
        MemoryMarshal.AsBytes(row.Key.AsSpan()).CopyTo(record.Key);
        _entries.Write(row.Entries, record.Entries);
        row.Body.Span.CopyTo(record.Body);
        record.Numbers = (row.LiveNumber, row.OwnNumber);
    }

    private static bool IsNumbered(ReplicaRow row) => (row.LiveNumber | row.OwnNumber) != 0;

    private ReplicaRow Map(string key, RowRecord record, ReplicaRow into, bool withBody)
    {
        ref var head = ref record.Head;
        var shape = Volatile.Read(ref _shapes)[head.Shape];
        into.Fill(
            key,
            head.Revision,
            head.Deleted != 0,
            (StateOperation)head.Operation,
            shape.Codec,
            shape.Schema,
            head.HasContent != 0 ? new Fingerprint(head.Content) : null,
            withBody ? record.Body.ToArray() : default(ReadOnlyMemory<byte>),
            new(head.CapturedTicks, TimeSpan.Zero),
            Volatile.Read(ref head.Seen),
            head.Writes
        );
        if (head.Numbered == 0)
            return into;
        var (live, own) = record.Numbers;
        return into.Number(live, own);
    }

    private int ShapeOf(ReplicaRow row)
    {
        var shapes = _shapes;
        for (var i = shapes.Length - 1; i >= 0; i--)
            if (shapes[i].Schema == row.Schema && shapes[i].Codec == row.Codec)
                return i;
        // Before the row that names it is shown.
        Volatile.Write(ref _shapes, [.. shapes, new(row.Codec, row.Schema)]);
        return shapes.Length;
    }

    private readonly record struct Shape(string Codec, Fingerprint Schema);
}

/// <summary>Reads a stored state in place.</summary>
/// <param name="revision">Its revision.</param>
/// <param name="body">Its bytes, valid during the call only; empty for a deleted key.</param>
/// <param name="argument">What the caller handed in.</param>
public delegate void RowReader<in TArgument>(StateRevision revision, ReadOnlySpan<byte> body, TArgument argument);
