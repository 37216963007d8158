using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Source;

namespace Statecast.Simulation.Checks;

/// <summary>Promise 8 against the simulator's truth: every word when it is said, every replica's statement at every step.</summary>
internal sealed class FreshnessChecks(SimWorld world)
{
    /// <summary>A word goes out: every change committed before its clock must lie where it says.</summary>
    public void Said(Heartbeat heartbeat)
    {
        foreach (var key in world.Keys)
        {
            var revision = world.Truth.RevisionBefore(key, heartbeat.Clock);
            if (revision > 0 && !world.Carrier.IsCovered(key, revision, heartbeat))
                throw new Violation(
                    Checker.HonestFreshness,
                    $"a heartbeat says that all before {Text(heartbeat.Clock)} is sent; {key}@{revision} is not below its ends"
                );
            if (heartbeat.FirstRepublishEnded && world.Truth.Newest(key) is { Revision: 0, Content: not null })
                throw new Violation(Checker.HonestFreshness, $"the first republish is said to have ended before {key} was published");
        }
    }

    /// <summary>A replica may be asked at any time.</summary>
    public void Asked(string target, ReplicaProgress progress, long parked, DateTimeOffset now, Func<string, ReplicaRow?> find)
    {
        var freshness = progress.FreshnessAt(now, parked);
        if (!freshness.IsKnown || freshness.AsOf is not { } asOf)
            return;
        world.Coverage.Note(Event.FreshnessKnown);
        var lanes = progress.Passes.Select(p => p.Lane).ToHashSet();
        foreach (var key in world.Keys)
        {
            if (!lanes.Contains(SimContent.LaneOf(key, world.Lanes)))
                continue;
            var expected = world.Truth.RevisionBefore(key, asOf);
            if (expected >= 0 && (find(key)?.Revision.Number ?? -1) < expected)
                throw new Violation(
                    Checker.HonestFreshness,
                    $"{target} says it is up to date as of {Text(asOf)}; {key}@{expected} was committed before and is missing"
                );
        }
    }

    private static string Text(DateTimeOffset clock) => $"{(clock - SourceTruth.Origin).TotalSeconds:0.0000}";
}
