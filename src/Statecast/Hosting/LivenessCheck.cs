using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Statecast.Hosting;

/// <summary>Alive means: every loop goes round. A carrier or database that is down does not fail it; a loop that stands still does.</summary>
internal sealed class LivenessCheck(StatecastRuntime runtime, IOptions<StatecastOptions> options, TimeProvider clock) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct)
    {
        var still = runtime
            .Loops.Where(l => clock.GetUtcNow() - l.Loop.LastBeat > options.Value.LoopTimeout)
            .Select(l =>
                $"the loop '{l.Loop.Name}' stands still since {l.Loop.LastBeat:O}{(l.Failure is { } failure ? $" ({failure})" : "")}"
            )
            .ToList();
        return Task.FromResult(still.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(string.Join("; ", still)));
    }
}
