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

    // A request that no database will ever take must not stand before all others; who asked asks again.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Backoff _backoff = new(surroundings.Entropy);

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
            await QueueAsync([.. WishesOf(request)], ct).ConfigureAwait(false);
            queued();
        }
    }

    // The next receive tells the carrier that this request is done with, so it is not reached before it is queued. Meanwhile the loop shows no beat: it stands still.
    private async Task QueueAsync(RepublishRequest[] wishes, CancellationToken ct)
    {
        var began = surroundings.Clock.GetTimestamp();
        for (var tries = 1; ; tries++)
            try
            {
                await source.RequestRepublishAsync(wishes, ct).ConfigureAwait(false);
                _backoff.Reset();
                return;
            }
            catch (Exception e) when (!ct.IsCancellationRequested && surroundings.Clock.GetElapsedTime(began) < Patience)
            {
                if (tries == 1)
                    Log.RequestNotQueued(surroundings.Logger, e, route.Destination);
                await Task.Delay(_backoff.Next(), surroundings.Clock, ct).ConfigureAwait(false);
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
/// <param name="Entropy">For the waits after failures.</param>
/// <param name="Logger">Where requests are told.</param>
internal sealed record RequestSurroundings(TimeSpan Beat, TimeProvider Clock, IEntropy Entropy, ILogger Logger);
