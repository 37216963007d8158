namespace Statecast.Consuming;

/// <summary>How handlers run. Configuration section <c>Statecast:Handlers</c>.</summary>
public sealed class HandlerOptions
{
    /// <summary>The most handler calls at once per replica. Default 4.</summary>
    public int Concurrency { get; set; } = 4;

    /// <summary>Tries before a change is stalled. Default 8.</summary>
    public int MaxAttempts { get; set; } = 8;

    /// <summary>The bound of the wait before the second try; doubles with each. Default 50 ms.</summary>
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The highest bound of a wait. Default 1 minute.</summary>
    public TimeSpan LongestRetry { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often pending work is looked for without being woken: finds the retries that came due. Default 200 ms.</summary>
    public TimeSpan Poll { get; set; } = TimeSpan.FromMilliseconds(200);
}
