using Statecast.Events;

namespace Statecast.Transport.InProcess;

/// <summary>The sending side: an append is the confirmation. Puts the state in the place of its body where it is still at hand.</summary>
internal sealed class InProcessSender(InProcessTransport transport) : ITransportSender
{
    public ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var outcomes = new SendOutcome[events.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            var stateEvent = events[i];
            var withState =
                stateEvent is { IsDelete: false, State: null } && transport.Objects.Take(stateEvent) is { } state
                    ? stateEvent with
                    {
                        State = state,
                        Body = default,
                    }
                    : stateEvent;
            outcomes[i] = transport.Find(stateEvent.Lane.Destination).Append(withState, stateEvent.Body.Length);
        }
        return new(outcomes);
    }

    public ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
        new((IReadOnlyList<LaneEnd>)[.. lanes.Select(lane => transport.Find(lane.Destination).EndOf(lane))]);

    public ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
        new((IReadOnlyList<SentMark>)[.. lanes.SelectMany(lane => transport.Find(lane.Destination).MarksOf(lane))]);

    public ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct)
    {
        transport.Find(heartbeat.Destination).Say(heartbeat);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct) =>
        throw new NotSupportedException("The in-process log appends by the guard: nothing is ever read back.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
