using Statecast.Outbox;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Processes;
using Statecast.Simulation.Source;

namespace Statecast.Simulation;

/// <summary>Faults heal, the source goes quiet, and everything must come to rest in the right state within a stated time.</summary>
internal sealed class Ending(SimWorld world)
{
    // A take-over after a crash in the last moment takes a lease and a delivery time-out; a retry waits 30 s at most; the rest is heartbeats.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public void Run()
    {
        world.Faults.Healed = true;
        world.Carrier.Heal();
        foreach (var relay in world.Relays)
            relay.WakeUp();
        foreach (var instance in world.Targets.SelectMany(t => t.Instances))
            instance.WakeUp();
        if (world.Carrier is SimLog { AnyCorrupt: true })
            world.Database.Republish.Enqueue(RepublishRequest.All(SimContent.Contract, "corrupt records"));
        if (world.Carrier.PoisonedKey is { } poisoned)
        {
            // A floor waits for all that is said again, the refused key too: what the source has no more may stay until then.
            if (!world.Bootstraps.Lost)
                Await(() => FirstDifference(poisoned, world.Truth.Newest), Checker.OwnKeyOnly);
            world.Carrier.PoisonedKey = null;
        }
        var bad = world.Targets.Where(HasBadKey).ToList();
        Await(() => bad.Select(FirstDifferenceBesideBad).FirstOrDefault(d => d is not null), Checker.OwnKeyOnly);
        Await(() => world.Database.LongestUnsent, Checker.Converges);
        Await(() => FirstDifference(except: null), Checker.Converges);
        Await(FirstWaiting, Checker.Converges);
        Await(FirstOrphan, Checker.Converges);
        foreach (var target in world.Targets)
            target.DropNameless();
        var healed = world.Truth.Clock;
        Await(() => FirstStale(healed), Checker.HonestFreshness);
        Await(FirstBuried, Checker.CompactionSafe);
        world.Sums.Close();
        world.Trace.Add("end", "", world.Sums.CapturedRows, world.Sums.SentRows);
    }

    private void Await(Func<string?> difference, string checker)
    {
        for (var until = world.Scheduler.Now + Patience; ; )
        {
            if (difference() is not { } text)
                return;
            if (world.Scheduler.Now >= until)
                throw new Violation(checker, $"{text}, {Patience.TotalSeconds} s after the faults healed");
            world.Scheduler.RunUntil(world.Scheduler.Now + TimeSpan.FromMilliseconds(500));
        }
    }

    private string? FirstDifference(string? except, Func<string, CommittedState?>? has = null)
    {
        foreach (var target in world.Targets)
        foreach (var key in world.Keys)
            if (key != except && (has is null || has(key) is not null) && Difference(target, key) is { } text)
                return text;
        return null;
    }

    private string? FirstWaiting() =>
        world
            .Targets.SelectMany(t => t.Contents.WaitingKeys.Select(k => $"{t.Name}: {k.Patches.Count} patch(es) of {k.Key} wait"))
            .FirstOrDefault();

    private string? FirstOrphan() =>
        world
            .Targets.Where(t => world.Bootstraps.FirstOrphan(t.Find, _ => true) is not null)
            .Select(t => $"{t.Name} shows a row that its source never had")
            .FirstOrDefault();

    // Promise 7 at a target: what it cannot apply delays no other key.
    private bool HasBadKey(SimTarget target) => world.Keys.Any(k => IsBad(target, k));

    private string? FirstDifferenceBesideBad(SimTarget target) =>
        world.Keys.Where(k => !IsBad(target, k)).Select(k => Difference(target, k)).FirstOrDefault(d => d is not null);

    private bool IsBad(SimTarget target, string key) =>
        target.FindParked(key) is not null || (target.IsOld && world.Truth.Newest(key)?.Content == SimContent.Unreadable);

    private string? Difference(SimTarget target, string key)
    {
        var newest = world.Truth.Newest(key);
        var row = target.Find(key);
        if (target.IsOld && newest?.Content == SimContent.Unreadable)
            return target.FindParked(key)?.Event?.Revision.Number == newest.Value.Revision
                ? null
                : $"{target.Name}: {key}@{newest.Value.Revision} cannot be read and is not parked";
        var content = row is null or { Deleted: true } ? null : SimContent.Read(row);
        if (content != newest?.Content)
            return $"{target.Name}: {key} is {content?.ToString() ?? "nothing"} at {row?.Revision}; the source has {newest?.Content?.ToString() ?? "nothing"} at {newest?.Revision}";
        return newest?.Revision > 0 && row?.Revision.Number != newest?.Revision
            ? $"{target.Name}: {key} is at {row?.Revision}; the source at {newest?.Revision}"
            : null;
    }

    // Only while something is parked may a replica go on without knowing.
    private string? FirstStale(DateTimeOffset healed)
    {
        foreach (var target in world.Targets.Where(t => t.Contents.Parked == 0))
        foreach (var instance in target.Instances.Where(i => target.LanesOf(i).Any()))
        {
            var freshness = instance.Progress?.FreshnessAt(SourceTruth.Origin + world.Scheduler.Now + world.TargetOffset, 0);
            if (freshness is not { IsKnown: true } || freshness.Value.AsOf < healed)
                return $"{instance.Name} is not known to be up to date: {freshness?.AsOf - SourceTruth.Origin} {freshness?.Unknown}";
        }
        return null;
    }

    private string? FirstBuried()
    {
        if (world.Carrier is not SimLog log)
            return null;
        foreach (var key in world.Keys)
            if (world.Truth.Newest(key) is { Revision: > 0 } newest && log.Last(key)?.Event.Revision.Number != newest.Revision)
                return $"the last record of {key} is {log.Last(key)?.Event.Revision}, its newest is {newest.Revision}";
        return null;
    }
}
