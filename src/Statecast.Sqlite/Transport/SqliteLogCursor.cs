using Statecast.Events;

namespace Statecast.Sqlite.Transport;

/// <summary>How far a receiver has read one lane of a file.</summary>
internal sealed class SqliteLogCursor(LaneId lane)
{
    public LaneId Lane { get; } = lane;

    /// <summary>Whether the target said from where to read.</summary>
    public bool Sought { get; private set; }

    /// <summary>The next position to read, as the target is told: at the lane's tail exactly its end.</summary>
    public long Next { get; private set; }

    /// <summary>No record of the lane that was not delivered stands below: beyond <see cref="Next"/> where other lanes' records were read meanwhile.</summary>
    public long From { get; private set; }

    /// <summary>Whether the target was told that a read found the tail.</summary>
    public bool TailTold { get; set; }

    /// <summary>Whether it began anew, and the target was not told yet.</summary>
    public bool BegunAnew { get; set; }

    public void Seek(long position)
    {
        Sought = true;
        Next = From = position;
        TailTold = BegunAnew = false;
    }

    /// <summary>Reads from its beginning, since its position is gone; said with what comes next.</summary>
    public void BeginAnew()
    {
        Seek(0);
        BegunAnew = true;
    }

    /// <summary>A read went through all records below a position.</summary>
    /// <param name="scanned">One beyond the last record that was looked at.</param>
    /// <param name="end">The lane's end in the same snapshot.</param>
    /// <returns>Whether the lane's tail was found.</returns>
    public bool Advance(long scanned, long end)
    {
        From = Math.Max(From, scanned);
        var atTail = From >= end;
        Next = atTail ? end : From;
        return atTail;
    }
}
