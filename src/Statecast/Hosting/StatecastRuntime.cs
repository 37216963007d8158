using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Statecast.Consuming;
using Statecast.Diagnostics;
using Statecast.Publishing;
using Statecast.Replicas;
using Statecast.Serialization;

namespace Statecast.Hosting;

/// <summary>A running service: makes the declared parts at start, supervises their loops, drains them at the end.</summary>
internal sealed class StatecastRuntime : IHostedLifecycleService, IStatecast, IReplicaDirectory, IAsyncDisposable, IDisposable
{
    private readonly IServiceProvider _services;
    private readonly StatecastRegistration _registration;
    private readonly StatecastOptions _options;
    private readonly TimeProvider _clock;
    private readonly IEntropy _entropy;
    private readonly ILogger _logger;
    private readonly Supervisor _supervisor;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CarrierDirectory _carriers;
    private readonly Dictionary<string, ReplicaRuntime> _replicas;
    private readonly List<SourceRuntime> _sources = [];
    private readonly StatecastGauges _gauges;
    private int _disposed;

    public StatecastRuntime(
        IServiceProvider services,
        StatecastRegistration registration,
        CarrierDirectory carriers,
        IOptions<StatecastOptions> options,
        TimeProvider clock,
        IEntropy entropy,
        ILoggerFactory loggers
    )
    {
        _services = services;
        _registration = registration;
        _options = options.Value;
        _clock = clock;
        _entropy = entropy;
        _logger = loggers.CreateLogger("Statecast");
        _supervisor = new(_logger, clock, entropy);
        _carriers = carriers;
        var codecs = services.GetServices<IStateCodec>().ToDictionary(c => c.Name);
        var declared = registration.Replicas.Select(r => r.Reads.Destination).ToHashSet(StringComparer.Ordinal);
        _replicas = registration
            .Replicas.Select(r =>
                r.Create(
                    new(
                        services,
                        registration.Service,
                        carriers.Find(r.Carrier, $"the replica of {r.Contract.Destination}"),
                        declared,
                        codecs,
                        _options,
                        clock,
                        entropy,
                        _logger
                    )
                )
            )
            .ToDictionary(r => r.Subscription.Layout.Name);
        Parked = new ParkedWork(_replicas);
        _gauges = new(registration.Service, () => Relays, () => _sources.Select(s => s.Republish), Replicas, clock);
    }

    public IReadOnlyList<ReplicaStatus> Replicas => [.. _replicas.Values.Select(r => r.Subscription.Status)];

    public IParkedWork Parked { get; }

    public IEnumerable<(ISupervisedLoop Loop, string? Failure)> Loops => _supervisor.Loops;

    /// <summary>The relays of all sources; those in one database share theirs.</summary>
    public IEnumerable<RelayRunner> Relays => _sources.SelectMany(s => s.Relays).Distinct();

    public IReplica<TKey, TState> ReplicaOf<TKey, TState>(string destination)
        where TKey : notnull
        where TState : class =>
        (IReplica<TKey, TState>)_replicas.Values.First(r => r.Subscription.Contract.Destination == destination).Replica;

    public Subscription? SubscriptionOf(string destination) => _replicas.GetValueOrDefault(destination)?.Subscription;

    public bool IsRunning { get; private set; }

    /// <summary>Sources are checked before the application serves anything: what is wrong with them must not wait for the first save.</summary>
    public async Task StartingAsync(CancellationToken ct)
    {
        foreach (var create in _registration.Sources)
            AddSource(new(create(_services), _options, _logger, _clock, _entropy));
        foreach (var source in _sources)
            await source.PrepareAsync(_carriers, ct).ConfigureAwait(false);
        SourceRuntime.RequireNames(_sources);
        SourceRuntime.AddRelays(
            _sources,
            (sources, carrier) =>
                new(
                    sources,
                    _registration.Service,
                    _carriers.Find(carrier, $"source '{sources[0].Name}'"),
                    _options.Relay,
                    _logger,
                    _clock,
                    _entropy
                )
        );
    }

    public Task StartAsync(CancellationToken ct)
    {
        foreach (var loop in _sources.SelectMany(s => s.Loops).Distinct())
            _supervisor.Start(loop, _stopping.Token);
        foreach (var replica in _replicas.Values)
        {
            _supervisor.Start(replica.Apply, _stopping.Token);
            if (replica.Handlers is { } handlers)
                _supervisor.Start(handlers, _stopping.Token);
        }
        IsRunning = true;
        Log.Started(_logger, _registration.Service, _sources.Count, _replicas.Count);
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken ct) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken ct) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken ct)
    {
        IsRunning = false;
        foreach (var replica in _replicas.Values)
            replica.Subscription.Watches.Close(
                new OperationCanceledException("The service stops: what was published is not applied any more.")
            );
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _supervisor.DrainAsync(_options.DrainTimeout, ct).ConfigureAwait(false);
        foreach (var replica in _replicas.Values)
            replica.Apply.Requests.Close();
        Log.Stopped(_logger, _registration.Service);
    }

    public Task StoppedAsync(CancellationToken ct) => Task.CompletedTask;

    /// <summary>For containers that are disposed synchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        // The container knows this one object under several services, and disposes it once for each.
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        // A host that is disposed without having been stopped: no loop may go on over stores that are gone.
        if (IsRunning)
            await StopAsync(CancellationToken.None).ConfigureAwait(false);
        foreach (var replica in _replicas.Values)
            await replica.Subscription.Store.DisposeAsync().ConfigureAwait(false);
        foreach (var source in _sources)
            await source.DisposeAsync().ConfigureAwait(false);
        foreach (var transport in _carriers.Made.OfType<IAsyncDisposable>())
            await transport.DisposeAsync().ConfigureAwait(false);
        _gauges.Dispose();
        _stopping.Dispose();
    }

    public async Task WhenIdleAsync(CancellationToken ct)
    {
        foreach (var source in _sources)
            await source.WhenSentAsync(ct).ConfigureAwait(false);
        var asked = _clock.GetUtcNow();
        while (!await Idle(asked, ct).ConfigureAwait(false))
            await Task.Delay(TimeSpan.FromMilliseconds(5), _clock, ct).ConfigureAwait(false);
    }

    public IReadOnlyList<RepublishProgress> Republishing => [.. _sources.Select(s => s.Republish.Progress)];

    public Task RepublishAsync(string contract, IReadOnlyCollection<string>? keys, CancellationToken ct) =>
        SourceOf(contract).RepublishAsync(contract, keys, ct);

    public Task RepublishAsync(string contract, BucketRange buckets, CancellationToken ct) =>
        SourceOf(contract).RepublishAsync(contract, buckets, ct);

    private SourceRuntime SourceOf(string contract) =>
        _sources.FirstOrDefault(s => s.Publishes(contract))
        ?? throw new ArgumentException(
            $"No source of service '{_registration.Service}' publishes '{contract}'. Published are: {(_sources.Count == 0 ? "none" : string.Join(", ", _sources.SelectMany(s => s.Contracts).Select(c => $"'{c}'")))}.",
            nameof(contract)
        );

    private void AddSource(SourceRuntime source)
    {
        foreach (var contract in source.Contracts)
            if (_sources.FirstOrDefault(s => s.Publishes(contract)) is { } other)
                throw new SourceException(
                    $"'{contract}' is published from {other.Name} and from {source.Name}. A contract has one publication: remove one, or give one of the contracts another name."
                );
        _sources.Add(source);
    }

    private async Task<bool> Idle(DateTimeOffset asked, CancellationToken ct)
    {
        foreach (var replica in _replicas.Values)
        {
            if (!replica.Subscription.Status.HoldsAsOf(asked))
                return false;
            if (replica.Handlers is { } handlers && !await handlers.IsIdleAsync(ct).ConfigureAwait(false))
                return false;
        }
        return true;
    }
}
