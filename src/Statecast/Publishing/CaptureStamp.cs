using System.Diagnostics;

namespace Statecast.Publishing;

/// <summary>What every event says of the moment of its capture.</summary>
/// <param name="At">The time, UTC, in microseconds.</param>
/// <param name="TraceParent">W3C trace context, or null.</param>
/// <param name="TraceState">W3C trace state, or null.</param>
internal readonly record struct CaptureStamp(DateTimeOffset At, string? TraceParent, string? TraceState)
{
    /// <summary>The stamp of what the calling code captures now.</summary>
    public static CaptureStamp Of(DateTimeOffset now)
    {
        var activity = Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current : null;
        return new(
            new(now.UtcTicks - now.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero),
            activity?.Id,
            activity?.TraceStateString
        );
    }
}
