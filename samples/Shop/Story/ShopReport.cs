using System.Text.Json;
using Shop.Running;
using Shop.Services;
using Shop.Upgrade;
using Shop.Verification;

namespace Shop.Story;

/// <summary>What a run showed.</summary>
internal sealed record ShopReport(
    ShopOptions Options,
    IReadOnlyList<ReplicaVerdict> Verdicts,
    IReadOnlyList<ServiceStatus> Statuses,
    IReadOnlyList<KillEvidence> Kills,
    UpgradeEvidence? Upgrade,
    RestoreEvidence? Restore,
    long Requests,
    long Interrupted,
    TimeSpan Elapsed
)
{
    /// <summary>Whether every replica equals its source and none is empty.</summary>
    public bool Equal => Verdicts.Count > 0 && Verdicts.All(verdict => verdict.Equal);

    /// <summary>The JSON object of a run that came to no verdict.</summary>
    public static string FailureJson(Exception failure) =>
        JsonSerializer.Serialize(
            new
            {
                equal = false,
                replicas = Array.Empty<object>(),
                seconds = 0,
                error = failure.Message,
            }
        );

    /// <summary>One JSON object.</summary>
    public string ToJson() =>
        JsonSerializer.Serialize(
            new
            {
                equal = Equal,
                replicas = Verdicts.Select(verdict => new
                {
                    name = verdict.Name,
                    keys = verdict.Figures.Keys,
                    received = verdict.Figures.Received,
                    applied = verdict.Figures.Applied,
                    superseded = verdict.Figures.Superseded,
                    parked = verdict.Figures.Parked,
                    dropped = verdict.Figures.Dropped,
                    waiting = verdict.Figures.Waiting,
                    staleness = verdict.Staleness,
                    equal = verdict.Equal,
                    appliedTwice = verdict.AppliedTwice,
                    replacedByMove = verdict.ReplacedByMove,
                    handled = verdict.Handled?.Revisions,
                    handledTwice = verdict.Handled?.Twice,
                    repeatedByKills = verdict.Handled?.Repeated,
                    differences = verdict.Differences,
                }),
                seconds = Math.Round(Elapsed.TotalSeconds, 3),
                orders = Options.Orders,
                seed = Options.Seed,
                processes = Options.Processes,
                requests = Requests,
                interrupted = Interrupted,
                kills = Kills.Select(kill => new
                {
                    round = kill.Round,
                    target = RoleHost.NameOf(kill.Target),
                    unsent = kill.Unsent,
                    unapplied = kill.Unapplied,
                    unhandled = kill.Unhandled,
                    inFlight = kill.InFlight,
                }),
                upgrade = Upgrade is null
                    ? null
                    : new
                    {
                        moves = Upgrade.Moves.Select(move => new
                        {
                            service = RoleHost.NameOf(move.Role),
                            to = Generations.NameOf(move.To),
                            requests = move.Requests,
                            seconds = Math.Round(move.Elapsed.TotalSeconds, 3),
                        }),
                        changed = Upgrade.Changed.Count,
                    },
                restore = Restore is null
                    ? null
                    : new
                    {
                        epochBefore = Restore.EpochBefore,
                        epochAfter = Restore.EpochAfter,
                        requestsLost = Restore.RequestsLost,
                        wentBack = Restore.WentBack.ToDictionary(w => w.Replica, w => new { lost = w.Lost, reported = w.Reported }),
                    },
                effects = Statuses.ToDictionary(status => status.Service, status => status.Effects),
            }
        );
}
