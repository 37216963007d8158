namespace Statecast.Outbox;

/// <summary>What the window still takes, counted down while a page is planned.</summary>
internal sealed class WindowRoom(int events, long bytes, bool empty)
{
    private int _events = events;
    private long _bytes = bytes;
    private bool _empty = empty;

    /// <summary>Takes one event, if there is room; an empty window takes any event.</summary>
    public bool TryTake(long size)
    {
        if (!_empty && (_events < 1 || _bytes < size))
            return false;
        _events--;
        _bytes -= size;
        _empty = false;
        return true;
    }
}

/// <summary>Sends under way, and how much is claimed and not confirmed: bounded in events and bytes, so that a slow carrier fills no memory.</summary>
internal sealed class SendWindow(RelayOptions options, int mostEvents)
{
    private readonly Dictionary<long, Batch> _batches = [];
    private int _events;
    private long _bytes;

    public int Batches => _batches.Count;

    public bool MayOpenBatch => _batches.Count < options.MaxBatches;

    public bool HasRoom => _events == 0 || (_events < mostEvents && _bytes < options.MaxInFlightBytes);

    /// <summary>The ids of the sends under way.</summary>
    public IEnumerable<long> Open => _batches.Keys;

    public WindowRoom Room() => new(mostEvents - _events, options.MaxInFlightBytes - _bytes, _events == 0);

    public void Claimed(ClaimedRow row)
    {
        _events++;
        _bytes += row.Event.Body.Length;
    }

    public void Confirmed(ClaimedRow row)
    {
        _events--;
        _bytes -= row.Event.Body.Length;
    }

    /// <summary>Takes the next batch from the lanes, from each as much as fits, in turns.</summary>
    public List<ClaimedRow> TakeBatch(IReadOnlyList<RelayLane> lanes, TimeSpan now, int turn)
    {
        var batch = new List<ClaimedRow>();
        var bytes = 0L;
        for (var i = 0; i < lanes.Count && batch.Count < options.MaxBatchEvents; i++)
        {
            var lane = lanes[(turn + i) % lanes.Count];
            if (lane.IsBlocked(now))
                continue;
            while (lane.HasReady && batch.Count < options.MaxBatchEvents)
            {
                var size = lane.Peek().Event.Body.Length;
                if (batch.Count > 0 && bytes + size > options.MaxBatchBytes)
                    return batch;
                bytes += size;
                batch.Add(lane.Dequeue());
            }
        }
        return batch;
    }

    public void Begin(long id, List<ClaimedRow> rows, TimeSpan now) => _batches.Add(id, new(rows, now));

    /// <summary>Ends a send; null if it is not known.</summary>
    public Batch? End(long id) => _batches.Remove(id, out var batch) ? batch : null;

    /// <summary>One send.</summary>
    internal sealed record Batch(List<ClaimedRow> Rows, TimeSpan At);
}
