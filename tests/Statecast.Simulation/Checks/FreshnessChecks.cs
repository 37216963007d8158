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
        var epoch = world.Truth.EpochAt(heartbeat.Clock);
        // Before all was said again under a new epoch no target believes the word.
        var binds = heartbeat.FirstRepublishEnded || epoch == SimDatabase.FirstEpoch;
        foreach (var key in world.Keys)
        {
            var revision = world.Truth.RevisionBefore(key, heartbeat.Clock);
            if (binds && revision > 0 && !world.Carrier.IsCovered(key, new(epoch, revision), heartbeat))
                throw new Violation(
                    Checker.HonestFreshness,
                    $"a heartbeat says that all before {Text(heartbeat.Clock)} is sent; {key}@{epoch}:{revision} is not below its ends"
                );
            if (heartbeat.FirstRepublishEnded && world.Truth.Newest(key) is { Revision: 0, Content: not null })
                throw new Violation(Checker.HonestFreshness, $"the first republish is said to have ended before {key} was published");
        }
    }

    /// <summary>A replica may be asked at any time.</summary>
    public void Asked(string target, ReplicaProgress progress, ReplicaContents contents, DateTimeOffset now, Func<string, ReplicaRow?> find)
    {
        var freshness = progress.FreshnessAt(now, contents.Parked, contents.Waiting.Count);
        if (!freshness.IsKnown || freshness.AsOf is not { } asOf)
            return;
        world.Coverage.Note(Event.FreshnessKnown);
        var lanes = progress.Passes.Select(p => p.Lane).ToHashSet();
        if (world.Bootstraps.FirstOrphan(find, k => lanes.Contains(SimContent.LaneOf(k, world.Lanes))) is { } orphan)
            throw new Violation(
                Checker.HonestFreshness,
                $"{target} says it is up to date as of {Text(asOf)}; it shows {orphan}, which its source never had"
            );
        foreach (var key in world.Keys)
        {
            if (!lanes.Contains(SimContent.LaneOf(key, world.Lanes)))
                continue;
            var expected = world.Truth.RevisionBefore(key, asOf);
            var epoch = world.Truth.EpochAt(asOf);
            var row = find(key);
            if (expected >= 0 && (row?.Revision ?? new(epoch, -1)) < new StateRevision(epoch, expected))
                throw new Violation(
                    Checker.HonestFreshness,
                    $"{target} says it is up to date as of {Text(asOf)}; {key}@{epoch}:{expected} was committed before and is missing"
                );
            if (row is { Deleted: false } && row.Revision.Epoch < epoch)
                throw new Violation(
                    Checker.HonestFreshness,
                    $"{target} says it is up to date as of {Text(asOf)}; it shows {key}@{row.Revision} of a lost incarnation"
                );
        }
    }

    private static string Text(DateTimeOffset clock) => $"{(clock - SourceTruth.Origin).TotalSeconds:0.0000}";
}
