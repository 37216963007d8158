using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Statecast.Replicas;

namespace Statecast.Hosting;

/// <summary>
/// Ready means: every replica was complete once. Degraded: one is staler than allowed, its staleness is unknown, or something is parked; a handler gave up; a loop fails,
/// such as the relay of a source; or a source has rows that cannot be published, or does not get rid of what it captured.
/// </summary>
internal sealed class ReadinessCheck(StatecastRuntime runtime, IOptions<StatecastOptions> options, TimeProvider clock) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct)
    {
        var worst = HealthStatus.Healthy;
        var data = new Dictionary<string, object>();
        foreach (var (name, status, text) in Findings())
        {
            data[name] = text;
            if (status < worst)
                worst = status;
        }
        return Task.FromResult(
            new HealthCheckResult(
                worst,
                worst == HealthStatus.Healthy ? null : string.Join("; ", data.Select(d => $"{d.Key}: {d.Value}")),
                null,
                data
            )
        );
    }

    private IEnumerable<(string Name, HealthStatus Status, string Text)> Findings()
    {
        foreach (var replica in runtime.Replicas)
        {
            var (status, text) = Judge(replica);
            yield return (replica.Name, status, text);
        }
        foreach (var (loop, failure) in runtime.Loops)
            if (failure is not null)
                yield return (loop.Name, HealthStatus.Degraded, failure);
        foreach (var relay in runtime.Relays)
            if (Judge(relay) is { } unsent)
                yield return (relay.Name, HealthStatus.Degraded, unsent);
        foreach (var source in runtime.Republishing)
            if (source.Withheld > 0)
                yield return (
                    $"source {source.Source}",
                    HealthStatus.Degraded,
                    $"{source.Withheld} row(s) cannot be published as they are, so replicas may lack them; the log names each. Mend the rows, or leave them out with Where(…)"
                );
    }

    private string? Judge(RelayRunner relay)
    {
        if (relay.Status is not { } status)
            return null;
        if (status.Failure is { } failure)
            return $"the carrier cannot be opened: {failure}";
        var allowed = options.Value.Relay.MaxUnsentAge;
        return status.Backlog is { ReadAt: { } now, OldestCapture: { } oldest } && now - oldest > allowed
            ? $"{status.Backlog.Count} event(s) are unsent, the oldest for {(now - oldest).TotalSeconds:0.###} s; allowed are {allowed.TotalSeconds:0.###} s (Statecast:Relay:MaxUnsentAge)"
            : null;
    }

    private (HealthStatus Status, string Text) Judge(ReplicaStatus replica)
    {
        if (!replica.WasLive)
        {
            var (remaining, total) = replica.Backlog;
            return (
                HealthStatus.Unhealthy,
                $"{replica.State}, {remaining} of {total} positions to read{(replica.Failure is { } failure ? $"; {failure}" : "")}"
            );
        }
        if (replica.Failure is { } broken)
            return (HealthStatus.Degraded, broken);
        var freshness = replica.Freshness;
        if (freshness.Staleness(clock.GetUtcNow()) is not { } staleness)
            return (HealthStatus.Degraded, $"staleness unknown: {freshness.Unknown}");
        if (staleness > options.Value.Target.MaxStaleness)
            return (
                HealthStatus.Degraded,
                $"{staleness.TotalSeconds:0.###} s behind; allowed are {options.Value.Target.MaxStaleness.TotalSeconds:0.###} s (Statecast:Target:MaxStaleness)"
            );
        return replica.Stalled > 0
            ? (
                HealthStatus.Degraded,
                $"{replica.Stalled} change(s) were given up by handlers, the log names each: mend what they need, then IStatecast.Parked.RetryStalledAsync, or DropStalledAsync"
            )
            : (HealthStatus.Healthy, $"{replica.State}, up to date as of {freshness.AsOf:O}");
    }
}
