using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Conformance.Transport;

/// <summary>What log and queue receivers share: lanes that come and go, and the wait for something to tell.</summary>
internal abstract class FaultyReceiver(FaultyTransport transport, ReceiverOptions options) : ITransportReceiver
{
    // A fault may hide what there is; after so many tries in a row it is told as it is.
    private const int MostHidden = 50;
    private readonly List<LaneId> _closedUnderWay = [];
    private FaultyDestination? _known;

    /// <summary>Open lanes: from where each is to be read, once the target said so.</summary>
    protected SortedDictionary<int, long?> Lanes { get; } = [];

    protected FaultyTransport Transport { get; } = transport;

    /// <summary>A delivery ends with the event that reaches them.</summary>
    protected long MaxBytes { get; } = options.MaxBytes;

    /// <summary>Whether faults may hide something in this try.</summary>
    protected bool MayHide { get; private set; }

    public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            Task changed;
            lock (Transport.Gate)
            {
                changed = Transport.Changed;
                for (var hidden = 0; ; hidden++)
                {
                    MayHide = hidden < MostHidden;
                    if (Transport.Find(options.Contract.Destination) is { } found && Look(found, maxEvents) is { } delivery)
                        return delivery;
                    if (!MayHide)
                        break;
                }
            }
            await changed.WaitAsync(ct);
        }
    }

    public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct)
    {
        lock (Transport.Gate)
        {
            RevokeUnderWay();
            // What was taken away meanwhile is no longer this target's to seek.
            if (Lanes.ContainsKey(lane.Number))
                Lanes[lane.Number] = position;
        }
        return ValueTask.CompletedTask;
    }

    public abstract ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct);

    public abstract ValueTask DisposeAsync();

    protected abstract (List<LaneBatch> Batches, List<Heartbeat> Heartbeats, object? Handle) Take(
        FaultyDestination destination,
        int maxEvents
    );

    protected virtual void Closed(int lane) { }

    /// <summary>A lane may be taken away while the target still works at what it was handed: it hears of it with the next delivery.</summary>
    protected void RevokeUnderWay()
    {
        if (_known is { } known && Lanes.Count > 0 && Transport.Happens(Transport.Options.Revoke, "lane revoked under way"))
            Close(known, Lanes.Keys.ElementAt(Transport.Any(Lanes.Count)), _closedUnderWay);
    }

    /// <summary>What a target is told of a lane that it reads from now on.</summary>
    protected abstract LaneOpened Opened(FaultyDestination destination, FaultyLane lane);

    protected bool Hides(double chance, string fault) => MayHide && Transport.Happens(chance, fault);

    private Delivery? Look(FaultyDestination found, int maxEvents)
    {
        List<LaneId> closed = [.. _closedUnderWay];
        _closedUnderWay.Clear();
        var opened = new List<LaneOpened>();
        if (_known is not null && _known != found)
            foreach (var lane in Lanes.Keys.ToList())
                Close(found, lane, closed);
        _known = found;
        if (Lanes.Count > 0 && MayHide && Transport.Happens(Transport.Options.Revoke, "revoked lane"))
            Close(found, Lanes.Keys.ElementAt(Transport.Any(Lanes.Count)), closed);
        foreach (var lane in found.Lanes)
            if (!Lanes.ContainsKey(lane.Id.Number) && !Hides(Transport.Options.Revoke * 3, "lane kept away"))
            {
                Lanes.Add(lane.Id.Number, null);
                opened.Add(Opened(found, lane));
            }
        var (batches, heartbeats, handle) = Take(found, maxEvents);
        return closed.Count + opened.Count + batches.Count + heartbeats.Count == 0
            ? null
            : new()
            {
                Closed = closed,
                Opened = opened,
                Batches = batches,
                Heartbeats = heartbeats,
                Handle = handle,
            };
    }

    private void Close(FaultyDestination found, int lane, List<LaneId> closed)
    {
        Lanes.Remove(lane);
        closed.Add(new(found.Name, lane));
        Closed(lane);
    }
}
