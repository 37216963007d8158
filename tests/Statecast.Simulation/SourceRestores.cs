using Statecast.Events;
using Statecast.Outbox;
using Statecast.Replicas;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Source;

namespace Statecast.Simulation;

/// <summary>An operator who copies the source's database and restores a copy, at most twice a run; and what must be true of going back.</summary>
internal sealed class SourceRestores(SimWorld world)
{
    private const int MaxRestores = 2;
    private readonly List<Action> _copy = [];
    private int _restores;
    private TimeSpan _restoredAt;
    private bool _landedSince;
    private TimeSpan _holdsTailUntil;

    /// <summary>Whether what is sent now arrives much later: all of a lost tail may still be on its way when the next holder looks for the first time.</summary>
    public bool HoldsTail => world.Scheduler.Now < _holdsTailUntil;

    /// <summary>Takes a copy, or restores the last one, perhaps for the second time.</summary>
    public void Strike()
    {
        if (_copy.Count == 0 || (_restores < MaxRestores && world.Random.Chance(0.3)))
            TakeCopy();
        else if (_restores < MaxRestores)
            Restore();
    }

    /// <summary>The relay found out: only after a restore.</summary>
    public void Found(EpochSeen found)
    {
        if (_restores == 0)
            throw new Violation(Checker.GoingBack, $"nothing was restored, and the source goes back: {found.Reason}");
        world.Coverage.Note(_landedSince ? Event.WentBackAfterALanding : Event.WentBack);
        world.Trace.Add("went back", "", found.Highest);
    }

    /// <summary>An event arrived at the carrier.</summary>
    public void Landed(StateEvent stateEvent, SimBatch batch)
    {
        if (_restores == 0 || batch.EmittedAt > _restoredAt)
            return;
        world.Coverage.Note(Event.LostTailLanded);
        _landedSince = true;
    }

    /// <summary>A replica dropped a row: only one that the source does not have under that floor.</summary>
    public void Dropped(string target, ReplicaRow row)
    {
        world.Coverage.Note(Event.OrphanDropped);
        if (row.Revision.Epoch != world.Source.Epoch)
            return;
        // What the source captured since the epoch began was said under it before the floor, or after it and is on its way.
        if (world.Truth.HeldThroughout(row.Key, row.Revision.Epoch))
            throw new Violation(Checker.GoingBack, $"{target}: {row.Key} was dropped below {row.Revision.Epoch}; the source has it");
    }

    private void TakeCopy()
    {
        _copy.Clear();
        _copy.AddRange([world.Database.Copy(), world.Writer.Copy(), world.Truth.Copy(), world.Snapshots.Copy()]);
        world.Trace.Add("copy taken", "");
        if (_restores < MaxRestores && world.Random.Chance(0.5))
            _holdsTailUntil = world.Scheduler.Now + TimeSpan.FromSeconds(10);
    }

    private void Restore()
    {
        world.Coverage.Note(++_restores == 1 ? Event.Restored : Event.RestoredTwice);
        world.Trace.Add("restored", "", _restores);
        _restoredAt = world.Scheduler.Now;
        _landedSince = false;
        _holdsTailUntil = default;
        // What was open never was.
        world.Writer.Crash();
        foreach (var relay in world.Relays)
            switch (world.Random.Next(3))
            {
                case 0:
                    relay.Crash(world.Random.Seconds(0.1, 3));
                    break;
                case 1:
                    relay.Sleep(world.Random.Seconds(1, 45));
                    break;
                default:
                    world.Coverage.Note(Event.RestoredUnderALivingRelay);
                    break;
            }
        foreach (var part in _copy)
            part();
        world.Sums.Restored();
        world.WakeRelays();
    }
}
