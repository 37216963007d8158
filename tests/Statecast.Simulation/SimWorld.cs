using Statecast.Outbox;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Processes;
using Statecast.Simulation.Source;

namespace Statecast.Simulation;

/// <summary>One run: a source, its relays, a carrier and targets in one thread. The seed decides workload, schedule, faults and clocks.</summary>
internal sealed class SimWorld
{
    public const int Operations = 500;

    public SimWorld(ulong seed, SimRules rules, TextWriter? trace = null)
    {
        Rules = rules;
        Random = new(seed);
        Faults = new(Random);
        Trace = new(Scheduler, trace);
        Truth = new(Scheduler);
        Sums = new(this);
        Freshness = new(this);
        Restores = new(this);
        Database = new(this);
        Writer = new(this);
        Lanes = Random.Between(1, 3);
        Keys = [.. Enumerable.Range(0, Random.Between(3, 8) + (Faults.Restores ? PassingKeys : 0)).Select(i => $"k{i}")];
        Incarnation = Random.Between(1, 1_000_000);
        Carrier = Faults.Profile switch
        {
            Profile.Sleepers => new SimLog(this, conditional: false),
            Profile.Repeaters => new SimQueue(this),
            Profile.Restores when seed % 7 == 0 => new SimQueue(this),
            Profile.Restores => new SimLog(this, conditional: true),
            _ => Random.Next(6) switch
            {
                0 => new SimQueue(this),
                1 => new SimInProcess(this),
                2 or 3 => new SimLog(this, conditional: true),
                _ => new SimLog(this, conditional: false),
            },
        };
        Source = Carrier is SimInProcess process && Random.Chance(0.5) ? new SimMemorySource(this, process) : Writer;
        Patches = new(this, seed);
        Bootstraps = new(this, seed);
        Snapshots = new(this);
        if (Bootstraps.On)
            Keys = [.. Keys, .. SimBootstraps.QuietKeys, SimBootstraps.LateKey];
        Relays =
        [
            .. Enumerable.Range(0, Faults.TwoRelays && Carrier is not SimInProcess ? 2 : 1).Select(i => new SimRelay(this, $"relay{i}")),
        ];
        var moves = Faults.LaneMoves && Lanes > 1 && Carrier is SimLog;
        Targets = [new(this, "target0", moves ? 2 : 1, old: false), new(this, "target1", 1, old: Faults.OldTarget)];
    }

    public SimRules Rules { get; }
    public SimRandom Random { get; }
    public FaultPlan Faults { get; }
    public Scheduler Scheduler { get; } = new();
    public SimTrace Trace { get; }
    public Coverage Coverage { get; } = new();
    public SourceTruth Truth { get; }
    public SourceSums Sums { get; }
    public SourceRestores Restores { get; }
    public FreshnessChecks Freshness { get; }
    public SimDatabase Database { get; }
    public SimWriter Writer { get; }
    public SimCarrier Carrier { get; }

    /// <summary>What publishes: <see cref="Writer"/> over <see cref="Database"/>, or a source without one.</summary>
    public ISimSource Source { get; }

    public SimPatches Patches { get; }
    public SimBootstraps Bootstraps { get; }
    public SimSnapshots Snapshots { get; }
    public IReadOnlyList<SimRelay> Relays { get; }
    public List<SimTarget> Targets { get; } = [];
    public IReadOnlyList<string> Keys { get; private set; }

    /// <summary>Where copies are taken, keys must be made after them and never touched again.</summary>
    private const int PassingKeys = 16;

    private int Passing { get; set; }

    /// <summary>A key to write.</summary>
    public string PickKey()
    {
        var extra = Bootstraps.On ? 1 + SimBootstraps.QuietKeys.Count : 0;
        if (Bootstraps.On && !Faults.Restores && Random.Chance(0.05) && LateKeyIsDue && Bootstraps.LateKeyIsDue)
            return SimBootstraps.LateKey;
        if (!Faults.Restores)
            return Keys[Random.Next(Keys.Count - extra)];
        return Random.Chance(0.3) ? Keys[^(1 + Passing + extra)] : Keys[Random.Next(Keys.Count - PassingKeys - extra)];
    }

    // Long after the first targets came: what they had of it is gone.
    private bool LateKeyIsDue { get; set; }

    public int Lanes { get; }
    public long Incarnation { get; }
    public TimeSpan TargetOffset { get; set; }

    /// <summary>The relay's settings: the defaults, but a window so small that it fills.</summary>
    public RelayOptions Options { get; } =
        new()
        {
            MaxInFlightEvents = 16,
            MaxPageRows = 10,
            MaxBatchEvents = 4,
            MaxReadBack = 5,
        };

    public int ContentsInUse => Faults.OldTarget ? SimContent.Contents : SimContent.Contents - 1;

    public void WakeRelays()
    {
        foreach (var relay in Relays)
            relay.Nudge();
    }

    /// <summary>What the seed decided at the start.</summary>
    public string Described
    {
        get
        {
            var carrier =
                Carrier is SimQueue ? "a queue"
                : Carrier is SimInProcess ? $"in process, {(Source is SimMemorySource ? "without" : "with")} a database"
                : Carrier.Abilities.ConditionalAppend ? "a log with conditional append"
                : "a log without conditional append";
            return $"profile {Faults.Profile}, {carrier}, {Lanes} lane(s), {Keys.Count} keys, {Relays.Count} relay(s), {Targets.Sum(t => t.Instances.Count)} target instances{(Patches.On ? ", patches" : "")}; faults: {Faults}";
        }
    }

    /// <summary>Runs the whole seed.</summary>
    /// <exception cref="Violation">A promise was broken.</exception>
    public void Run()
    {
        var schedule = new FaultSchedule(this);
        Source.Begin();
        foreach (var relay in Relays)
            relay.Start();
        foreach (var target in Targets.Skip((Carrier is SimLog && Faults.LateTarget) || Bootstraps.LateTarget ? 1 : 0))
            target.Start();
        for (var operation = 0; operation < Operations; operation++)
        {
            Passing = operation * PassingKeys / Operations;
            Scheduler.RunUntil(Scheduler.Now + Random.Seconds(0.01, 0.25));
            LateKeyIsDue = operation > Operations * 3 / 4;
            if (operation == Operations / 2)
                schedule.StartLateTargets();
            if (!schedule.Strike())
                Source.Write();
        }
        new Ending(this).Run();
    }
}
