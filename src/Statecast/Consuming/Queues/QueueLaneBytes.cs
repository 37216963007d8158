using System.Text;

namespace Statecast.Consuming.Queues;

/// <summary>A queue lane's counts as bytes, for a store that keeps them with its position: the store does not look into them.</summary>
internal static class QueueLaneBytes
{
    private const byte Version = 1;
    private const byte Ended = 1;

    // What was asked for may be answered in the queue already: who starts again waits for it as who asked does.
    private const byte Asked = 2;

    public static byte[] Write(QueueLane lane)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Version);
            Write(writer, lane.Live);
            Write(writer, lane.Own);
            writer.Write(lane.Base is not null);
            if (lane.Base is { } counted)
            {
                writer.Write7BitEncodedInt64(counted.Epoch);
                writer.Write7BitEncodedInt64(counted.Cut);
            }
            writer.Write(lane.Run is not null);
            if (lane.Run is { } run)
                Write(writer, run);
        }
        return bytes.ToArray();
    }

    /// <summary>Reads them; null if another version wrote them: the target then asks for everything again.</summary>
    /// <exception cref="EndOfStreamException">The bytes are cut off: the store is damaged.</exception>
    public static QueueLane? Read(ReadOnlyMemory<byte> stored)
    {
        if (stored.IsEmpty || stored.Span[0] != Version)
            return null;
        using var reader = new BinaryReader(new MemoryStream(stored[1..].ToArray()), Encoding.UTF8);
        var live = ReadLedger(reader);
        var own = ReadLedger(reader);
        (long, long)? counted = reader.ReadBoolean() ? (reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64()) : null;
        return QueueLane.Restored(live, own, counted, reader.ReadBoolean() ? ReadRun(reader) : null);
    }

    private static void Write(BinaryWriter writer, NumberLedger ledger)
    {
        writer.Write7BitEncodedInt(ledger.Leases.Count);
        foreach (var (lease, numbers) in ledger.Leases)
        {
            writer.Write(lease.ToByteArray());
            writer.Write7BitEncodedInt(numbers.Ranges.Count);
            foreach (var (first, last) in numbers.Ranges)
            {
                writer.Write7BitEncodedInt64(first);
                writer.Write7BitEncodedInt64(last - first);
            }
        }
    }

    private static NumberLedger ReadLedger(BinaryReader reader)
    {
        var ledger = new NumberLedger();
        for (var leases = reader.Read7BitEncodedInt(); leases > 0; leases--)
        {
            var numbers = ledger.Of(new Guid(reader.ReadBytes(16)));
            for (var ranges = reader.Read7BitEncodedInt(); ranges > 0; ranges--)
            {
                var first = reader.Read7BitEncodedInt64();
                numbers.Append(first, first + reader.Read7BitEncodedInt64());
            }
        }
        return ledger;
    }

    private static void Write(BinaryWriter writer, RunProgress run)
    {
        writer.Write(run.Id.ToByteArray());
        writer.Write7BitEncodedInt64(run.Epoch);
        foreach (var range in run.Ranges)
        {
            writer.Write((byte)((range.Ended ? Ended : 0) | (range.Asked ? Asked : 0)));
            writer.Write7BitEncodedInt64(range.Begin);
            writer.Write7BitEncodedInt64(range.Cut);
            writer.Write7BitEncodedInt64(range.End);
        }
    }

    private static RunProgress ReadRun(BinaryReader reader)
    {
        var id = new Guid(reader.ReadBytes(16));
        var epoch = reader.Read7BitEncodedInt64();
        var ranges = new RangeProgress[RunProgress.Parts];
        for (var i = 0; i < ranges.Length; i++)
        {
            var flags = reader.ReadByte();
            ranges[i] = new(
                reader.Read7BitEncodedInt64(),
                reader.Read7BitEncodedInt64(),
                reader.Read7BitEncodedInt64(),
                (flags & Ended) != 0,
                (flags & Asked) != 0
            );
        }
        return new(id, epoch, ranges);
    }
}
