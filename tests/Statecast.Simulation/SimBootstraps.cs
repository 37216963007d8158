using Statecast.Contracts;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Processes;
using Statecast.Simulation.Source;

namespace Statecast.Simulation;

/// <summary>
/// What besides the common faults happens to targets of a queue: messages and questions that are lost, queues that are deleted, rows that the source never had. Decided
/// by dice of their own, so that runs on other carriers are what they were.
/// </summary>
internal sealed class SimBootstraps
{
    private readonly SimWorld _world;
    private readonly bool _loses;
    private readonly bool _losesQuestions;
    private readonly bool _orphans;

    public SimBootstraps(SimWorld world, ulong seed)
    {
        _world = world;
        var dice = new SimRandom(seed ^ 0x7175_6575_6573_2121);
        On = world.Carrier is SimQueue;
        _loses = On && dice.Chance(0.5);
        _losesQuestions = On && dice.Chance(0.3);
        DeletesQueues = On && dice.Chance(0.3);
        _orphans = On && dice.Chance(0.7);
        LateTarget = On && dice.Chance(0.5);
    }

    /// <summary>A key that the source makes late: what a target has of it before is an orphan.</summary>
    public const string LateKey = "late";

    /// <summary>Keys that the source made before anything else and never touches: who comes late has them from answers alone.</summary>
    public static IReadOnlyList<string> QuietKeys { get; } = ["quiet0", "quiet1", "quiet2", "quiet3"];

    public bool On { get; }

    /// <summary>Whether one target comes late.</summary>
    public bool LateTarget { get; }

    public bool DeletesQueues { get; }

    /// <summary>Whether anything was ever lost: while a key holds up the heartbeats, nobody misses it.</summary>
    public bool Lost { get; set; }

    /// <summary>Whether a queue loses this message.</summary>
    public bool Loses(string target)
    {
        if (!_world.Faults.Strikes(_loses, _world.Random, 0.03))
            return false;
        _world.Coverage.Note(Event.MessageLost);
        _world.Trace.Add("lost", target);
        return true;
    }

    public bool LosesQuestion() => _world.Faults.Strikes(_losesQuestions, _world.Random, 0.3);

    /// <summary>Puts rows into a target's store that its source does not have.</summary>
    public void Inject(SimTarget target)
    {
        if (!_orphans)
            return;
        var plan = new ReplicaPlan();
        foreach (var key in Orphans)
            plan.Rows.Add(
                new()
                {
                    Key = key,
                    // The source's own first revision of the late one is below.
                    Revision = new(SimDatabase.FirstEpoch, 3),
                    Deleted = false,
                    Operation = StateOperation.Upsert,
                    Codec = "sim",
                    Schema = SimContent.Schema,
                    Content = SimContent.Print(0),
                    Body = SimContent.Body(0),
                    CapturedAt = SourceTruth.Origin,
                }
            );
        target.Begin([]).CommitAsync(plan, default).AsTask().Wait();
    }

    // A patch would be made of what the source never had.
    private string[] Orphans => _world.Patches.On ? ["orphan0", "orphan1"] : ["orphan0", "orphan1", LateKey];

    /// <summary>Whether the source may make the late key: no target shows an orphan of it any more.</summary>
    public bool LateKeyIsDue => _world.Targets.TrueForAll(t => t.Started && t.Find(LateKey) is null or { Deleted: true });

    /// <summary>A row that a target shows and its source never had; null for none.</summary>
    public string? FirstOrphan(Func<string, ReplicaRow?> find, Func<string, bool> counts)
    {
        if (!_orphans)
            return null;
        foreach (var key in Orphans)
            if (counts(key) && _world.Truth.Newest(key) is null && find(key) is { Deleted: false })
                return key;
        return null;
    }
}
