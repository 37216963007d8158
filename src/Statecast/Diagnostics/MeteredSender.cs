using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Diagnostics;

/// <summary>A sending side that tells how its sends went: one span and one count per batch. Heartbeats and reads make none.</summary>
internal sealed class MeteredSender(ITransportSender inner, string carrier, TimeProvider clock) : ITransportSender
{
    private const string Unknown = "unknown";

    public async ValueTask<IReadOnlyList<SendOutcome>> SendAsync(IReadOnlyList<StateEvent> events, CancellationToken ct)
    {
        using var activity = StatecastActivity.Send(carrier, events);
        var started = clock.GetTimestamp();
        string? error = null;
        try
        {
            var outcomes = await inner.SendAsync(events, ct).ConfigureAwait(false);
            error = outcomes.Select(ErrorOf).FirstOrDefault(e => e is not null);
            StatecastMeter.Sent(carrier, events, i => i < outcomes.Count ? ErrorOf(outcomes[i]) : Unknown);
            StatecastMeter.Unrouted(carrier, events, outcomes);
            return outcomes;
        }
        catch (Exception e)
        {
            error = e.GetType().FullName;
            StatecastMeter.Sent(carrier, events, _ => error);
            throw;
        }
        finally
        {
            StatecastActivity.Failed(activity, error);
            StatecastMeter.SendEnded(carrier, clock.GetElapsedTime(started), error);
        }
    }

    public ValueTask<IReadOnlyList<LaneEnd>> ReadEndsAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
        inner.ReadEndsAsync(lanes, ct);

    public ValueTask SendHeartbeatAsync(Heartbeat heartbeat, CancellationToken ct) => inner.SendHeartbeatAsync(heartbeat, ct);

    public ValueTask<IReadOnlyList<SentMark>> ReadMarksAsync(IReadOnlyCollection<LaneId> lanes, CancellationToken ct) =>
        inner.ReadMarksAsync(lanes, ct);

    public ValueTask<IReadOnlyList<LogRecord>> ReadBackAsync(LaneId lane, long from, long end, CancellationToken ct) =>
        inner.ReadBackAsync(lane, from, end, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static string? ErrorOf(SendOutcome outcome) =>
        outcome.Result switch
        {
            SendResult.Failed => "failed",
            SendResult.Unknown => Unknown,
            _ => null,
        };
}
