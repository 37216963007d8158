using Statecast.Sqlite.Files;
using Statecast.Transport;

namespace Statecast.Sqlite.Transport;

/// <summary>Collects one read's records by lane.</summary>
internal sealed class SqliteLogScan(SqliteLogDestination destination, string source, SqliteLogCursor[] cursors)
{
    private readonly List<ReceivedEvent>?[] _events = new List<ReceivedEvent>?[cursors.Length];

    /// <summary>Events collected.</summary>
    public int Count { get; private set; }

    /// <summary>The bytes of their bodies.</summary>
    public long Bytes { get; private set; }

    /// <summary>The position of the record looked at last.</summary>
    public long Position { get; private set; }

    /// <summary>Looks at the record that the statement stands on.</summary>
    /// <returns>Whether it is new to its lane.</returns>
    public bool Take(SqliteStatement record)
    {
        Position = record.Int64(0);
        var lane = SqliteLogRecord.LaneOf(record, destination);
        if (!cursors[lane].Sought || Position < cursors[lane].From)
            return false;
        var received = SqliteLogRecord.Map(record, destination, source);
        (_events[lane] ??= []).Add(received);
        Count++;
        Bytes += received.Event?.Body.Length ?? received.Raw.Length;
        return true;
    }

    /// <summary>Advances the cursors; a batch for each lane that has events, or whose tail was found for the first time.</summary>
    /// <param name="scanned">All records below were looked at.</param>
    /// <param name="ends">The lanes' ends in the same snapshot.</param>
    public List<LaneBatch> Batches(long scanned, long[] ends)
    {
        var batches = new List<LaneBatch>();
        for (var lane = 0; lane < cursors.Length; lane++)
        {
            var cursor = cursors[lane];
            if (!cursor.Sought)
                continue;
            var atTail = cursor.Advance(scanned, ends[lane]);
            if (_events[lane] is null && (!atTail || cursor.TailTold))
                continue;
            cursor.TailTold = atTail;
            batches.Add(new(cursor.Lane, _events[lane] ?? [], cursor.Next, atTail) { FromBeginning = cursor.BegunAnew });
            cursor.BegunAnew = false;
        }
        return batches;
    }
}
