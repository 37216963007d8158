using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Engine;
using Statecast.Simulation.Source;

namespace Statecast.Simulation;

/// <summary>
/// Patches in a run: on carriers that take them, over a source that has heads. Decided by dice of their own, so that runs without them are what they were.
/// </summary>
internal sealed class SimPatches
{
    public const string Reason = "a target asked";

    private readonly SimWorld _world;
    private readonly bool _loses;
    private readonly bool _losesRequests;

    public SimPatches(SimWorld world, ulong seed)
    {
        _world = world;
        var dice = new SimRandom(seed ^ 0x7061_7463_6865_7321);
        On = world.Carrier is SimQueue or SimInProcess && world.Source is SimWriter && dice.Chance(0.6);
        _loses = On && world.Carrier is SimQueue && dice.Chance(0.5);
        _losesRequests = On && dice.Chance(0.3);
    }

    /// <summary>Few between two full states, and full ones by time: both must happen.</summary>
    public static PatchOptions Options { get; } = new() { MaxPatches = 5, FullAfter = TimeSpan.FromSeconds(20) };

    public bool On { get; }

    /// <summary>Whether a queue loses this event.</summary>
    public bool Loses(StateEvent stateEvent)
    {
        if (stateEvent.Operation != StateOperation.Patch || !_world.Faults.Strikes(_loses, _world.Random, 0.1))
            return false;
        _world.Coverage.Note(Event.PatchLost);
        return true;
    }

    /// <summary>A target asks for full states; the question may be lost.</summary>
    public void Ask(IReadOnlyList<string> keys)
    {
        if (keys.Count == 0)
            return;
        if (_world.Faults.Strikes(_losesRequests, _world.Random, 0.3))
        {
            _world.Coverage.Note(Event.QuestionLost);
            return;
        }
        _world.Scheduler.After(
            _world.Random.Seconds(0.001, 0.5),
            () =>
            {
                foreach (var key in keys)
                    _world.Database.Republish.Enqueue(
                        RepublishRequest.All(SimContent.Contract, Reason) with
                        {
                            Key = key,
                            Destination = SimContent.Destination,
                        }
                    );
            }
        );
    }
}
