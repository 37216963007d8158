using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Conformance.Transport;

/// <summary>Reads a faulty log by positions.</summary>
internal sealed class FaultyLogReceiver(FaultyTransport transport, ReceiverOptions options) : FaultyReceiver(transport, options)
{
    private readonly HashSet<int> _tailTold = [];
    private List<Heartbeat>? _source;
    private int _heard;

    public override ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct)
    {
        lock (Transport.Gate)
            RevokeUnderWay();
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override LaneOpened Opened(FaultyDestination destination, FaultyLane lane) => new(lane.Id, destination.Incarnation, lane.End);

    protected override void Closed(int lane) => _tailTold.Remove(lane);

    protected override (List<LaneBatch> Batches, List<Heartbeat> Heartbeats, object? Handle) Take(
        FaultyDestination destination,
        int maxEvents
    )
    {
        var batches = new List<LaneBatch>();
        var maxBytes = MaxBytes;
        foreach (var lane in Lanes.Keys.ToList())
            if (Lanes[lane] is { } from && Read(destination.Lanes[lane], from, maxEvents, maxBytes) is { } batch)
            {
                batches.Add(batch);
                maxEvents -= batch.Events.Count;
                maxBytes -= batch.Events.Sum(e => (long)e.Event!.Body.Length);
                Lanes[lane] = batch.Next;
                _ = batch.AtTail ? _tailTold.Add(lane) : _tailTold.Remove(lane);
            }
        return (batches, Hear(destination), null);
    }

    private LaneBatch? Read(FaultyLane lane, long from, int maxEvents, long maxBytes)
    {
        var waiting = lane.Records.Where(r => r.Position >= from).ToList();
        var take = 0;
        for (; take < Math.Min(waiting.Count, maxEvents) && maxBytes > 0; take++)
            maxBytes -= waiting[take].Event.Body.Length;
        var isShort = Hides(Transport.Options.ShortRead, "short read");
        if (isShort)
            take = Transport.Any(take + 1);
        var complete = take == waiting.Count;
        // All that there was, but the read ended before it found out.
        var atTail = complete && !isShort;
        if (take == 0 && (!atTail || _tailTold.Contains(lane.Id.Number)))
            return null;
        var events = waiting.Take(take).Select(r => new ReceivedEvent(r.Event, r.Position)).ToList();
        var next =
            complete ? Math.Max(from, lane.End)
            : take > 0 ? waiting[take - 1].Position + 1
            : from;
        return new(lane.Id, events, next, atTail);
    }

    private List<Heartbeat> Hear(FaultyDestination destination)
    {
        if (_source != destination.Heartbeats)
            (_source, _heard) = (destination.Heartbeats, 0);
        if (_heard > 0 && Hides(Transport.Options.Duplicate, "heartbeat again"))
            return [destination.Heartbeats[Transport.Any(_heard)]];
        if (_heard == destination.Heartbeats.Count || Hides(Transport.Options.DelayHeartbeat, "late heartbeat"))
            return [];
        // Only the newest word stays: earlier ones are heard if they were in time.
        _heard = destination.Heartbeats.Count;
        return [destination.Heartbeats[^1]];
    }
}
