using Statecast.Events;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Source;

namespace Statecast.Simulation;

/// <summary>Faults that strike between operations; those inside a step strike where the step is.</summary>
internal sealed class FaultSchedule(SimWorld world)
{
    /// <summary>Perhaps a fault, at most one.</summary>
    public bool Strike()
    {
        var random = world.Random;
        var faults = world.Faults;
        if (world.Carrier is SimLog log && faults.Strikes(faults.Compaction, random, 0.2))
            log.Compact();
        if (faults.PoisonedKey && world.Carrier.PoisonedKey is null && random.Chance(0.01))
            world.Carrier.PoisonedKey = random.Pick(world.Keys);
        switch (random.Next(160))
        {
            case 0 or 1 or 2 when faults.RelayCrashes:
                random.Pick(world.Relays).Crash(random.Seconds(0.1, random.Chance(0.2) ? 30 : 3));
                return true;
            case 3 or 4 when faults.RelaySleeps && faults.Profile != Profile.Sleepers:
                random.Pick(world.Relays).Sleep(random.Seconds(0.5, 45));
                return true;
            case 5 when faults.SourceCrashes:
                Crash(random);
                return true;
            case 6 or 7 when faults.LaneOutages:
                world.Carrier.Outage(new LaneId(SimContent.Destination, random.Next(world.Lanes)), random.Seconds(0.2, 8));
                return true;
            case 8 or 9 when faults.TargetCrashes:
                random.Pick(random.Pick(world.Targets).Instances).Crash(random.Seconds(0.1, 8));
                return true;
            case 10 or 11 when faults.SlowTargets:
                random.Pick(random.Pick(world.Targets).Instances).Sleep(random.Seconds(1, 15));
                return true;
            case 12 or 13 or 14 or 15 when faults.LaneMoves:
                world.Targets[0].MoveLane();
                return true;
            case 16 when faults.SourceClockJumps:
                world.Coverage.Note(Event.SourceClockJump);
                world.Truth.Jump(random.Seconds(-30, 30));
                return true;
            case 17 or 18 when faults.TargetClockJumps:
                world.Coverage.Note(Event.TargetClockJump);
                world.TargetOffset += random.Seconds(-3600, 3600);
                return true;
            case 19 when faults.Republishes:
                world.Source.AskForRepublish();
                return true;
            case 30 or 31 when world.Carrier is SimInProcess process:
                process.Die();
                return true;
            case 32 or 33 when world.Source is SimMemorySource:
                Crash(random);
                return true;
            case 34 when world.Bootstraps.DeletesQueues && world.Carrier is SimQueue queue:
                queue.Delete(random.Pick(world.Targets).Name);
                return true;
            case 20 or 21 or 22 or 23 when faults.Restores:
                world.Restores.Strike();
                return true;
            default:
                return false;
        }
    }

    private void Crash(SimRandom random)
    {
        world.Source.Crash();
        foreach (var relay in world.Relays)
            relay.Crash(random.Seconds(0.1, 3));
    }

    public void StartLateTargets()
    {
        foreach (var target in world.Targets.Where(t => !t.Started))
        {
            world.Coverage.Note(Event.LateTarget);
            target.Start();
        }
    }
}
