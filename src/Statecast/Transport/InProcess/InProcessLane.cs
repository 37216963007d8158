using Statecast.Events;

namespace Statecast.Transport.InProcess;

/// <summary>
/// One lane of a log in memory: the newest event of every key, deletes too, in the order of their appends; where that is a patch, all from the last full one on, so
/// that a late reader finds a patch's base before it. Appends by the guard. Not safe by itself: its
/// destination's gate is held.
/// </summary>
internal sealed class InProcessLane(LaneId id)
{
    // Positions in ascending order; an event that a newer one of its key replaced leaves a hole until so many have gathered.
    private const int HolesKept = 64;

    // A sender that arrives after this many newer ones slept through as many restarts of its source's relay.
    private const int LeasesKept = 16;
    private readonly List<Record> _records = [];
    private readonly List<SentMark> _marks = [];
    private readonly Dictionary<string, Record> _newest = new(StringComparer.Ordinal);
    private int _holes;

    public LaneId Id { get; } = id;

    /// <summary>The next position to read; 0 while nothing was ever appended.</summary>
    public long End { get; private set; }

    /// <summary>The highest epoch of what was appended or said; 0 for nothing. A source that says no more than heartbeats may have stated a floor by them.</summary>
    public long HighestEpoch { get; private set; }

    /// <summary>Below it nothing is taken.</summary>
    public LaneFloor Floor { get; private set; }

    /// <summary>Who sent what: per epoch and lease the highest number, also of what a newer event replaced.</summary>
    public IReadOnlyList<SentMark> Marks => _marks;

    /// <summary>Keys that it holds.</summary>
    public int Keys => _newest.Count;

    /// <summary>The source's word on the lane's end.</summary>
    /// <returns>The end with the floor that stands: one that was stated never falls.</returns>
    public LaneEnd Say(long epoch, Guid lease, LaneEnd end)
    {
        HighestEpoch = Math.Max(HighestEpoch, epoch);
        Mark(epoch, lease, end.Number);
        if (end.Floor.Epoch > Floor.Epoch)
            Floor = end.Floor;
        return end with { Floor = Floor };
    }

    /// <summary>Appends by the guard.</summary>
    /// <param name="stateEvent">The event.</param>
    /// <param name="length">The bytes of its encoded body; 0 where it was never encoded.</param>
    public SendOutcome Append(StateEvent stateEvent, int length)
    {
        HighestEpoch = Math.Max(HighestEpoch, stateEvent.Revision.Epoch);
        // What is published without a database has no lease: nobody but this process can have sent it.
        if (stateEvent.LeaseId != default)
            Mark(stateEvent.Revision.Epoch, stateEvent.LeaseId, stateEvent.LaneNumber);
        if (stateEvent.Revision.Epoch < Floor.Epoch)
            return new(SendResult.Refused);
        InProcessReplaced? replaced = null;
        if (_newest.TryGetValue(stateEvent.Key, out var record))
        {
            var known = record.Event!;
            if (
                Guard.Instance.Judge(new KeyNewest(known.Revision, known.IsDelete, known.Content), stateEvent, Floor.Epoch)
                == GuardVerdict.Supersede
            )
                return new(SendResult.Refused);
            // Only what says all that a record says takes its place.
            if (stateEvent.Operation != StateOperation.Patch)
                replaced = Replace(record, stateEvent.Operation);
        }
        var position = Math.Max(1, End);
        End = position + 1;
        var appended = new Record(position, stateEvent, length)
        {
            Before = stateEvent.Operation == StateOperation.Patch ? record : null,
            Replaced = replaced,
        };
        _records.Add(_newest[stateEvent.Key] = appended);
        // Half of them may be holes: an append costs the same on average, whatever the number of keys.
        if (_holes > HolesKept && 2 * _holes > _records.Count)
        {
            _records.RemoveAll(static r => r.Event is null);
            _holes = 0;
        }
        return new(SendResult.Confirmed, position);
    }

    /// <summary>Reads on from a position.</summary>
    /// <param name="from">The position.</param>
    /// <param name="room">What the delivery still takes.</param>
    public LaneBatch Read(long from, ReadRoom room)
    {
        var events = new List<ReceivedEvent>();
        var index = IndexOf(from);
        for (; index < _records.Count && (room.HasRoom || _records[index].Event is null); index++)
        {
            var record = _records[index];
            if (record.Event is not { } found)
                continue;
            events.Add(new(record.Replaced?.TellWith(found, from) ?? found, record.Position));
            room.Take(record.Length);
        }
        var atTail = index == _records.Count;
        return new(Id, events, atTail ? Math.Max(from, End) : _records[index].Position, atTail);
    }

    /// <summary>Takes a key's record away, and those before it that it builds on.</summary>
    /// <returns>What they said, for who has not read them.</returns>
    private InProcessReplaced? Replace(Record newest, StateOperation by)
    {
        var records = new Stack<Record>(1);
        for (var record = newest; record is not null; record = record.Before)
            records.Push(record);
        InProcessReplaced? told = null;
        foreach (var record in records)
        {
            told = InProcessReplaced.Add(record.Replaced ?? told, record.Position, record.Event!, by);
            record.Event = null;
            _holes++;
        }
        return told;
    }

    private void Mark(long epoch, Guid lease, long number)
    {
        var known = _marks.FindIndex(m => m.Epoch == epoch && m.LeaseId == lease);
        if (known >= 0)
        {
            _marks[known] = _marks[known] with { Number = Math.Max(_marks[known].Number, number) };
            return;
        }
        _marks.Add(new(Id, epoch, lease, number));
        // The highest epoch is what a source must never forget; of its leases the newest.
        if (_marks.Count > LeasesKept)
            _marks.Remove(_marks.MinBy(m => m.Epoch));
    }

    private int IndexOf(long position)
    {
        var (low, high) = (0, _records.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_records[middle].Position < position)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private sealed class Record(long position, StateEvent stateEvent, int length)
    {
        public long Position { get; } = position;

        /// <summary>What it takes once it is encoded for a target that keeps bytes.</summary>
        public int Length { get; } = length;

        /// <summary>For a patch, the record of its key before it; null for all else.</summary>
        public Record? Before { get; init; }

        /// <summary>What it took the place of; null where that has nothing to tell.</summary>
        public InProcessReplaced? Replaced { get; init; }

        /// <summary>Null once a newer one of its key replaced it.</summary>
        public StateEvent? Event { get; set; } = stateEvent;
    }
}

/// <summary>What one delivery still takes.</summary>
internal sealed class ReadRoom(int events, long bytes)
{
    private int _events = events;
    private long _bytes = bytes;

    public bool HasRoom => _events > 0 && _bytes > 0;

    public void Take(int length)
    {
        _events--;
        _bytes -= length;
    }
}
