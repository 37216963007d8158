using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Statecast.Hosting;

namespace Statecast.RabbitMQ.Transport;

/// <summary>
/// Judges messages that no queue took. Where nobody is bound at all nobody misses them: a target that comes later asks for everything. Where some lanes lead
/// to a queue and others do not, a target would get a part, so that those fail.
/// </summary>
/// <param name="publisher">Where to look by.</param>
/// <param name="surroundings">Log and randomness.</param>
internal sealed class RabbitRouting(RabbitPublisher publisher, RabbitMQSurroundings surroundings)
{
    /// <summary>The type of a message that only looks whether a lane leads to a queue; whoever gets it passes it over.</summary>
    public const string ProbeType = "statecast.probe";

    /// <summary>Finds out why messages of a destination found no queue.</summary>
    /// <returns>Null if nobody is bound at all; else what is wrong.</returns>
    public async Task<string?> ExplainUnroutedAsync(RabbitDestination destination, CancellationToken ct)
    {
        await ProbeAsync(destination, ct).ConfigureAwait(false);
        var (bound, unbound) = (destination.RoutedLanes, destination.UnroutedLanes);
        if (bound.Count > 0 && unbound.Count > 0)
            return $"The lanes {string.Join(", ", unbound)} of '{destination.Names.Destination}' lead to no queue, while {string.Join(", ", bound)} do: a target is bound to a part of them. "
                + $"It binds the rest within its TopologyLookInterval; a reader of another kind must bind its queue to every key from 0 to {destination.Lanes - 1}.";
        NoteNobody(destination, bound.Count == 0);
        // Who bound meanwhile asks for everything; but of a queue that only lacked a binding nobody would.
        return bound.Count > 0
            ? $"Messages of '{destination.Names.Destination}' found no queue, and its lanes lead to one by now, or its heartbeats alone do: they are sent again."
            : null;
    }

    /// <summary>Notes that messages of a destination found a queue.</summary>
    public void NoteRouted(RabbitDestination destination, int lane)
    {
        destination.Note(lane, routed: true);
        NoteNobody(destination, nobody: false);
    }

    private void NoteNobody(RabbitDestination destination, bool nobody)
    {
        if (!destination.Turn(nobody))
            return;
        if (nobody)
            LogMessages.Unrouted(surroundings.Logger, destination.Names.Destination);
        else
            LogMessages.RoutedAgain(surroundings.Logger, destination.Names.Destination);
    }

    private async Task ProbeAsync(RabbitDestination destination, CancellationToken ct)
    {
        if (destination.Lanes == 1)
            return;
        var probes = destination.LaneIds.Select(l => Probe(destination, RabbitNames.HeartbeatKey(l.Number))).ToList();
        var outcomes = await publisher.PublishAsync(probes, null, ct).ConfigureAwait(false);
        for (var lane = 0; lane < outcomes.Length; lane++)
            if (outcomes[lane].Answer == RabbitAnswer.Confirmed)
                destination.Note(lane, routed: true);
    }

    // Gone at once, unless a reader stands there.
    private RabbitPublish Probe(RabbitDestination destination, string key) =>
        new(
            destination.Names.Destination,
            key,
            new BasicProperties
            {
                MessageId = surroundings.Entropy.NextGuid().ToString(),
                Type = ProbeType,
                Expiration = "0",
            },
            default
        );
}
