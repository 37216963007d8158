using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Diagnostics;
using Statecast.Outbox;
using Statecast.Publishing;

namespace Statecast.Hosting;

/// <summary>One running source: its republisher, and its relays, one for every carrier that its publications use.</summary>
internal sealed class SourceRuntime(IStateSource source, StatecastOptions options, ILogger logger, TimeProvider clock, IEntropy entropy)
    : IAsyncDisposable
{
    private const string Reason = "asked for";

    private readonly RepublishLoop _republish = new(source, options.Republish, logger, clock);
    private readonly List<RelayRunner> _relays = [];
    private readonly List<RequestLoop> _requests = [];
    private IOutboxStore? _outbox;

    public string Name => source.Name;

    public IStateSource Source => source;

    public IEnumerable<ISupervisedLoop> Loops => [_republish, .. _relays, .. _requests];

    public IReadOnlyList<RelayRunner> Relays => _relays;

    /// <summary>Which database it is in; known once it is prepared.</summary>
    public string Database => _outbox!.Database;

    /// <summary>The carriers of its publications.</summary>
    public IEnumerable<string> Carriers => source.Publications.SelectMany(p => p.Routes).Select(r => r.Carrier).Distinct();

    public RepublishLoop Republish => _republish;

    public IEnumerable<string> Contracts => source.Publications.Select(p => p.Contract.Name);

    public bool Publishes(string contract) => Contracts.Contains(contract);

    public async Task PrepareAsync(CarrierDirectory carriers, CancellationToken ct)
    {
        foreach (var publication in source.Publications)
            carriers.Bind(publication);
        foreach (var request in await source.PrepareAsync(ct).ConfigureAwait(false))
            Log.RepublishQueued(logger, request.Contract, request.Reason);
        _outbox = source.OpenOutbox();
        var surroundings = new RequestSurroundings(options.LoopTimeout / 4, clock, entropy, logger);
        foreach (var publication in source.Publications)
        foreach (var route in publication.Routes)
        {
            var carrier = carriers.Find(route.Carrier, $"source '{Name}'");
            // A log keeps what a newcomer needs, and full states lack nothing that a target could ask for.
            var isAsked = !carrier.Abilities.Retained || (publication.Options.Patches is not null && route.Edition == 0);
            if (isAsked && carrier.Requests is { } requests)
                _requests.Add(new(source, publication.Contract.Name, route, requests, _republish.Queued, surroundings));
        }
    }

    /// <summary>A database remembers under its source's name what was published: of two with one name, each would take what the other publishes for gone.</summary>
    /// <exception cref="SourceException">Two sources in one database have one name.</exception>
    public static void RequireNames(IReadOnlyList<SourceRuntime> sources)
    {
        if (sources.GroupBy(s => (s.Database, s.Name)).FirstOrDefault(g => g.Count() > 1) is { Key: var (_, name) })
            throw new SourceException(
                $"Two sources in one database are named '{name}', so that each would take what the other publishes for gone. Give one of them another name: in FromConnection, or that of the context's class."
            );
    }

    /// <summary>Makes the relays: a shard has one writer, so sources in one database share a relay to a carrier.</summary>
    /// <param name="sources">All sources of the service, prepared.</param>
    /// <param name="make">Makes a relay of some sources to a carrier.</param>
    public static void AddRelays(IReadOnlyList<SourceRuntime> sources, Func<IReadOnlyList<IStateSource>, string, RelayRunner> make)
    {
        foreach (var database in sources.GroupBy(s => s.Database))
        foreach (var carrier in database.SelectMany(s => s.Carriers).Distinct())
        {
            var sharing = database.Where(s => s.Carriers.Contains(carrier)).ToList();
            var relay = make([.. sharing.Select(s => s.Source)], carrier);
            foreach (var source in sharing)
                source._relays.Add(relay);
        }
    }

    public async Task RepublishAsync(string contract, IReadOnlyCollection<string>? keys, CancellationToken ct)
    {
        if (keys is not null)
            RequireKeys(source.Publications.First(p => p.Contract.Name == contract).Contract, keys);
        IReadOnlyList<RepublishRequest> requests = keys is null
            ? [RepublishRequest.All(contract, Reason)]
            : [.. keys.Select(key => RepublishRequest.Of(contract, key, null, Reason))];
        await source.RequestRepublishAsync(requests, ct).ConfigureAwait(false);
        _republish.Queued();
    }

    public async Task RepublishAsync(string contract, BucketRange buckets, CancellationToken ct)
    {
        await source.RequestRepublishAsync([new(contract, null, buckets.First, buckets.Last, null, Reason)], ct).ConfigureAwait(false);
        _republish.Queued();
    }

    /// <summary>Returns when nothing is queued for the republisher and nothing is left in the outbox.</summary>
    public async Task WhenSentAsync(CancellationToken ct)
    {
        var looks = _republish.EmptyLooks;
        while (_republish.EmptyLooks < looks + 2 || !await IsSent(ct).ConfigureAwait(false))
        {
            _republish.Wake();
            await Task.Delay(TimeSpan.FromMilliseconds(5), clock, ct).ConfigureAwait(false);
        }
    }

    // Once queued, only the log would be told of it.
    private static void RequireKeys(StateContract contract, IEnumerable<string> keys)
    {
        foreach (var key in keys)
            try
            {
                contract.RequireKeyText(key);
            }
            catch (FormatException e)
            {
                throw new ArgumentException($"'{key}' is no key of {contract.Name}, so nothing was queued. {e.Message}", nameof(keys), e);
            }
    }

    public async ValueTask DisposeAsync()
    {
        if (_outbox is not null)
            await _outbox.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<bool> IsSent(CancellationToken ct)
    {
        foreach (var relay in _relays)
        {
            var snapshot = await _outbox!
                .ReadAsync(new(relay.Carrier, Claimed: false, Limit: 1, After: 0, Excluding: []), ct)
                .ConfigureAwait(false);
            if (snapshot.Count > 0)
                return false;
        }
        return true;
    }
}
