using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Tests.Diagnostics;

/// <summary>A queue's sending side to which no target has bound a queue.</summary>
internal sealed class NobodyBound : ITransportSender
{
    public ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct) =>
        new([.. events.Select(_ => new SendOutcome(SendResult.Confirmed) { IsUnrouted = true })]);

    public ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
        new([.. lanes.Select(l => new LaneEnd(l, 0, 0, 0))]);

    public ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) => new([]);

    public ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct) =>
        throw new NotSupportedException("Nothing is read back on a queue.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
