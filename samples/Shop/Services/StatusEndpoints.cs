using Statecast.Hosting;
using Statecast.Replicas;

namespace Shop.Services;

/// <summary>Pages that every service has: how its replicas stand, whether it is ready, and a call that waits until nothing is under way.</summary>
internal static class StatusEndpoints
{
    public static void MapStatus(this WebApplication app)
    {
        app.MapHealthChecks("/health");
        app.MapGet("/statecast", StatusAsync);
        app.MapPost("/statecast/idle", (IStatecast statecast, CancellationToken ct) => statecast.WhenIdleAsync(ct));
    }

    private static async Task<ServiceStatus> StatusAsync(
        ServiceName service,
        IStatecast statecast,
        TimeProvider clock,
        IEnumerable<IEffects> effects,
        CancellationToken ct
    )
    {
        var counted = new Dictionary<string, long>();
        foreach (var each in effects)
        foreach (var (name, count) in await each.CountAsync(ct))
            counted[name] = count;
        return new(service.Name, [.. statecast.Replicas.Select(r => View(r, clock.GetUtcNow()))], counted);
    }

    private static ReplicaView View(ReplicaStatus replica, DateTimeOffset now)
    {
        var counters = replica.Counters;
        var freshness = replica.Freshness;
        return new(
            replica.Name,
            replica.State.ToString(),
            replica.Keys,
            counters.Received,
            counters.Applied,
            counters.Superseded,
            replica.Parked,
            counters.Received - counters.Applied - counters.Superseded - counters.Dropped - replica.Parked,
            replica.Backlog.Remaining,
            freshness.Staleness(now)?.TotalSeconds,
            freshness.Unknown,
            replica.WentBack?.Count ?? 0
        );
    }
}
