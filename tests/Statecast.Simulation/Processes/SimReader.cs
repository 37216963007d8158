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

    public Fingerprint? OwnFingerprint(StoredBody body) =>
        SimContent.Print(body.State is SimState state ? state.Content : SimContent.Read(body.Body));
}
