namespace Statecast.Simulation.Engine;

/// <summary>What a seed leans to: rare meetings of faults get seeds of their own.</summary>
internal enum Profile
{
    /// <summary>Anything, on any carrier.</summary>
    Any,

    /// <summary>Two relays that sleep around their leases, on a log without conditional append.</summary>
    Sleepers,

    /// <summary>Everything comes more than once, on a queue.</summary>
    Repeaters,

    /// <summary>A source whose database is restored, once or twice, on a log with conditional append.</summary>
    Restores,
}

/// <summary>The faults of one seed: a random subset, since all at once hide each other.</summary>
internal sealed class FaultPlan
{
    public FaultPlan(SimRandom random)
    {
        Profile = random.Next(10) switch
        {
            0 or 1 => Profile.Sleepers,
            2 => Profile.Repeaters,
            3 or 4 => Profile.Restores,
            _ => Profile.Any,
        };
        var sleepers = Profile == Profile.Sleepers;
        var repeaters = Profile == Profile.Repeaters;
        Restores = Profile == Profile.Restores;
        var each = Profile == Profile.Any ? random.Pick([0.15, 0.35, 0.6]) : 0.15;
        bool On() => random.Chance(each);
        LateCommits = On();
        Rollbacks = On();
        SourceCrashes = On();
        StoreFailures = On();
        RelayCrashes = On();
        RelaySleeps = On() || sleepers || (Restores && random.Chance(0.5));
        UnknownSends = On() || repeaters;
        SlowLandings = On() || sleepers || (Restores && random.Chance(0.5));
        LateLandings = (On() && !sleepers) || (Restores && random.Chance(0.5));
        LaneOutages = On();
        PoisonedKey = On();
        NoPositions = On();
        LostWakes = On();
        LostHeartbeats = On();
        Compaction = On() || On();
        TargetCrashes = On() || repeaters;
        TargetStoreFailures = On();
        SlowTargets = On();
        LateTarget = On();
        LaneMoves = On();
        Duplicates = On() || repeaters;
        Reorder = On() || (repeaters && random.Chance(0.5));
        SourceClockJumps = On() && !sleepers && !Restores;
        TargetClockJumps = On();
        // A Delete said again is refused by the log that has it, so one whose record is damaged would stay at the lost epoch.
        Corrupt = On() && !Restores;
        OldTarget = On();
        Republishes = On();
        KeepEach = On();
        TwoRelays = random.Chance(0.5) || sleepers;
    }

    public Profile Profile { get; }
    public bool LateCommits { get; }
    public bool Rollbacks { get; }
    public bool SourceCrashes { get; }
    public bool StoreFailures { get; }
    public bool RelayCrashes { get; }
    public bool RelaySleeps { get; }
    public bool UnknownSends { get; }
    public bool SlowLandings { get; }
    public bool LateLandings { get; }
    public bool LaneOutages { get; }
    public bool PoisonedKey { get; }
    public bool NoPositions { get; }
    public bool LostWakes { get; }
    public bool LostHeartbeats { get; }
    public bool Compaction { get; }
    public bool TargetCrashes { get; }
    public bool TargetStoreFailures { get; }
    public bool SlowTargets { get; }
    public bool LateTarget { get; }
    public bool LaneMoves { get; }
    public bool Duplicates { get; }
    public bool Reorder { get; }
    public bool SourceClockJumps { get; }
    public bool TargetClockJumps { get; }
    public bool Corrupt { get; }
    public bool OldTarget { get; }
    public bool Republishes { get; }
    public bool KeepEach { get; }
    public bool TwoRelays { get; }
    public bool Restores { get; }

    /// <summary>Set when faults heal; every fault asks this first.</summary>
    public bool Healed { get; set; }

    public bool Strikes(bool enabled, SimRandom random, double probability) => enabled && !Healed && random.Chance(probability);

    /// <summary>The faults that are on, by name.</summary>
    public override string ToString()
    {
        (string Name, bool On)[] all =
        [
            (nameof(LateCommits), LateCommits),
            (nameof(Rollbacks), Rollbacks),
            (nameof(SourceCrashes), SourceCrashes),
            (nameof(StoreFailures), StoreFailures),
            (nameof(RelayCrashes), RelayCrashes),
            (nameof(RelaySleeps), RelaySleeps),
            (nameof(UnknownSends), UnknownSends),
            (nameof(SlowLandings), SlowLandings),
            (nameof(LateLandings), LateLandings),
            (nameof(LaneOutages), LaneOutages),
            (nameof(PoisonedKey), PoisonedKey),
            (nameof(NoPositions), NoPositions),
            (nameof(LostWakes), LostWakes),
            (nameof(LostHeartbeats), LostHeartbeats),
            (nameof(Compaction), Compaction),
            (nameof(TargetCrashes), TargetCrashes),
            (nameof(TargetStoreFailures), TargetStoreFailures),
            (nameof(SlowTargets), SlowTargets),
            (nameof(LateTarget), LateTarget),
            (nameof(LaneMoves), LaneMoves),
            (nameof(Duplicates), Duplicates),
            (nameof(Reorder), Reorder),
            (nameof(SourceClockJumps), SourceClockJumps),
            (nameof(TargetClockJumps), TargetClockJumps),
            (nameof(Corrupt), Corrupt),
            (nameof(OldTarget), OldTarget),
            (nameof(Republishes), Republishes),
            (nameof(KeepEach), KeepEach),
            (nameof(TwoRelays), TwoRelays),
            (nameof(Restores), Restores),
        ];
        return string.Join(", ", all.Where(f => f.On).Select(f => f.Name));
    }
}
