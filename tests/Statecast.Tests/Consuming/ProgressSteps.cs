using Statecast.Consuming;
using Statecast.Events;
using Statecast.Transport;

namespace Statecast.Tests.Consuming;

/// <summary>Steps of a replica's progress on a log, said shortly.</summary>
internal static class ProgressSteps
{
    public static long Open(this ReplicaProgress progress, LaneId lane, long incarnation, long end) =>
        progress.Open(new LaneOpened(lane, incarnation, end));

    public static void Applied(this ReplicaProgress progress, LaneId lane, long next, bool atTail) =>
        progress.Applied(new LaneBatch(lane, [], next, atTail));
}
