using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Statecast.Replicas;

namespace Statecast.Hosting;

/// <summary>Ready means: every replica was complete once. Degraded: it is staler than allowed, its staleness is unknown, or something is parked.</summary>
internal sealed class ReadinessCheck(StatecastRuntime runtime, IOptions<StatecastOptions> options, TimeProvider clock) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct)
    {
        var worst = HealthStatus.Healthy;
        var data = new Dictionary<string, object>();
        foreach (var replica in runtime.Replicas)
        {
            var (status, text) = Judge(replica);
            data[replica.Name] = text;
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
        return staleness > options.Value.Target.MaxStaleness
            ? (
                HealthStatus.Degraded,
                $"{staleness.TotalSeconds:0.###} s behind; allowed are {options.Value.Target.MaxStaleness.TotalSeconds:0.###} s (Statecast:Target:MaxStaleness)"
            )
            : (HealthStatus.Healthy, $"{replica.State}, up to date as of {freshness.AsOf:O}");
    }
}
