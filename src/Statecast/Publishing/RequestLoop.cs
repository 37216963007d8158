using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Transport;

namespace Statecast.Publishing;

/// <summary>Hears what targets of one destination ask for, and queues it for the republisher: it says keys in full, and ranges of a run, under their locks.</summary>
/// <param name="source">The source.</param>
/// <param name="contract">The contract's name.</param>
/// <param name="route">The destination, and the carrier that it is asked by.</param>
/// <param name="requests">The carrier's way from its targets.</param>
/// <param name="queued">Told when something was queued.</param>
/// <param name="surroundings">How often a loop that nobody asks shows that it lives, the clock, and the log.</param>
internal sealed class RequestLoop(
    IStateSource source,
    string contract,
    Route route,
    IStateRequests requests,
    Action queued,
    RequestSurroundings surroundings
) : ISupervisedLoop
{
    private const string Reason = "a target asked";

    public string Name => $"requests {route.Destination} on {route.Carrier}";

    public DateTimeOffset LastBeat { get; private set; } = surroundings.Clock.GetUtcNow();

    public async Task RunAsync(CancellationToken ct)
    {
        Task<StateRequest>? coming = null;
        while (true)
        {
            LastBeat = surroundings.Clock.GetUtcNow();
            coming ??= requests.ReceiveAsync(route.Destination, ct).AsTask();
            try
            {
                await coming.WaitAsync(surroundings.Beat, surroundings.Clock, ct).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!coming.IsCompleted)
            {
                // Nobody asks: it goes round to show that it lives.
                continue;
            }
            var request = await coming.ConfigureAwait(false);
            coming = null;
            await source.RequestRepublishAsync([.. WishesOf(request)], ct).ConfigureAwait(false);
            queued();
        }
    }

    private IEnumerable<RepublishRequest> WishesOf(StateRequest request)
    {
        foreach (var key in request.Keys)
            yield return RepublishRequest.Of(contract, key, route.Destination, Reason);
        if (request is not { ReplyTo: { } replyTo, Ranges.Count: > 0 })
            yield break;
        var run = new SnapshotRun(route.Carrier, new(route.Destination, request.Lane), replyTo, request.Run);
        var reason = $"'{request.Target ?? "a target"}' asks for {request.Reason ?? "its states"}";
        Log.RangesAsked(surroundings.Logger, route.Destination, request.Target, request.Ranges.Count, request.Lane, request.Run);
        foreach (var range in request.Ranges)
            yield return run.Request(contract, range, reason);
    }
}

/// <summary>What a request loop needs of its surroundings.</summary>
/// <param name="Beat">How often a loop that nobody asks shows that it lives.</param>
/// <param name="Clock">The clock.</param>
/// <param name="Logger">Where requests are told.</param>
internal sealed record RequestSurroundings(TimeSpan Beat, TimeProvider Clock, ILogger Logger);
