namespace Statecast.Hosting;

/// <summary>A loop that runs until it is cancelled. The supervisor starts it again after a failure and watches its heartbeat.</summary>
public interface ISupervisedLoop
{
    /// <summary>For people: what the loop does.</summary>
    string Name { get; }

    /// <summary>When it last went round. A loop that stands still for long is reported unhealthy.</summary>
    DateTimeOffset LastBeat { get; }

    /// <summary>Runs until cancelled. Throwing means failing: the supervisor waits and starts it again.</summary>
    Task RunAsync(CancellationToken ct);
}
