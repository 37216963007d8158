using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Diagnostics;

/// <summary>A sending side that tells how its sends went: one span and one count per batch. Heartbeats and reads make none.</summary>
internal sealed class MeteredSender(ITransportSender inner, string carrier, TimeProvider clock) : ITransportSender
{
    public async ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct)
    {
        using var activity = StatecastActivity.Send(carrier, events);
        var started = clock.GetTimestamp();
        try
        {
            var outcomes = await inner.SendAsync(events, ct).ConfigureAwait(false);
            var confirmed = outcomes.Count(o => o.Result == SendResult.Confirmed);
            var refused = outcomes.Count(o => o.Result == SendResult.Refused);
            StatecastMeter.Sent(carrier, confirmed, clock.GetElapsedTime(started));
            if (confirmed + refused < outcomes.Count)
                activity?.SetTag(
                    "error.type",
                    outcomes.First(o => o.Result is SendResult.Unknown or SendResult.Failed).Result.ToString().ToLowerInvariant()
                );
            return outcomes;
        }
        catch (Exception e)
        {
            activity?.SetTag("error.type", e.GetType().FullName);
            throw;
        }
    }

    public ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
        inner.ReadEndsAsync(lanes, ct);

    public ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct) => inner.SendHeartbeatAsync(heartbeat, ct);

    public ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct) =>
        inner.ReadBackAsync(lane, from, end, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
