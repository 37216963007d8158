using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Conformance.Transport;

/// <summary>The sending side of a faulty carrier.</summary>
internal sealed class FaultySender(FaultyTransport transport) : ITransportSender
{
    public async ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        SendOutcome[] outcomes;
        bool hung;
        lock (transport.Gate)
        {
            outcomes = [.. events.Select(transport.Send)];
            hung = transport.Happens(transport.Options.HungSend, "hung send");
            transport.Change();
        }
        if (hung)
            await new TaskCompletionSource().Task;
        return outcomes;
    }

    public ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct)
    {
        lock (transport.Gate)
        {
            LaneEnd[] ends =
            [
                .. lanes.Select(lane =>
                    transport.Abilities.Retained && transport.Find(lane.Destination) is { } destination
                        ? new LaneEnd(lane, destination.Incarnation, destination.Lanes[lane.Number].End, 0)
                        : new LaneEnd(lane, 0, 0, 0)
                ),
            ];
            return new(ends);
        }
    }

    public ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct)
    {
        lock (transport.Gate)
        {
            transport.Say(heartbeat);
            transport.Change();
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct)
    {
        lock (transport.Gate)
            return new(
                (IReadOnlyList<SentMark>)[.. lanes.SelectMany(l => transport.Find(l.Destination)?.Marks.Where(m => m.Lane == l) ?? [])]
            );
    }

    public ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct)
    {
        if (!transport.Abilities.Retained || transport.Abilities.ConditionalAppend)
            throw new NotSupportedException("Nothing is read back from this carrier.");
        lock (transport.Gate)
        {
            LogRecord[] records =
            [
                .. transport
                    .Find(lane.Destination)!
                    .Lanes[lane.Number]
                    .Records.Where(r => r.Position >= from && r.Position < end)
                    .Select(r => new LogRecord(r.Position, r.Event.Key, r.Event.Revision, r.Event.LeaseId, r.Event.LaneNumber)),
            ];
            return new(records);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
