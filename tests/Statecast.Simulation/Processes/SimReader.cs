using Statecast.Consuming;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Serialization;
using Statecast.Simulation.Source;

namespace Statecast.Simulation.Processes;

/// <summary>Reads simulated bodies; an old target cannot read one of them.</summary>
internal sealed class SimReader(bool old) : IStateReader
{
    public StateInspection Inspect(StateEvent stateEvent) =>
        old && SimContent.Read(stateEvent) == SimContent.Unreadable
            ? StateInspection.Unreadable("a newer shape")
            : StateInspection.Readable([]) with
            {
                State = stateEvent.State,
            };

    // Blind: no fingerprint is compared, so that the exact base alone keeps wrong states away.
    public PatchedState Patch(StoredBody before, StateEvent patch)
    {
        var content = SimContent.Apply(SimContent.Read(before.Body)!.Value, patch.Body);
        return new(
            patch with
            {
                Operation = StateOperation.Upsert,
                Base = 0,
                Body = SimContent.Body(content),
                Content = SimContent.Print(content),
            },
            null
        );
    }

    public Fingerprint? OwnFingerprint(StoredBody body) =>
        SimContent.Print(body.State is SimState state ? state.Content : SimContent.Read(body.Body));
}
