using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Transport;

namespace Statecast.Hosting;

/// <summary>Opens what one relay works on, and runs it: one carrier, one database, all sources of this service in it.</summary>
internal sealed class RelayRunner(
    IReadOnlyList<IStateSource> sources,
    string service,
    ITransport transport,
    RelayOptions options,
    ILogger logger,
    TimeProvider clock,
    IEntropy entropy
) : ISupervisedLoop
{
    private readonly DateTimeOffset _made = clock.GetUtcNow();
    private RelayLoop? _loop;

    public string Name => $"relay {Source} to {transport.Carrier}";

    public string Carrier => transport.Carrier;

    /// <summary>The names of the sources whose database it is.</summary>
    public string Source { get; } = string.Join(", ", sources.Select(s => s.Name));

    /// <summary>What the running relay says of itself; null before it runs.</summary>
    public RelayStatus? Status => _loop?.Status;

    public DateTimeOffset LastBeat => _loop?.Status.LastStep ?? _made;

    public async Task RunAsync(CancellationToken ct)
    {
        var routes = sources
            .SelectMany(s => s.Publications)
            .SelectMany(p => p.Routes.Where(r => r.Carrier == transport.Carrier).Select(r => (Publication: p, Route: r)))
            .ToList();
        var sends = new SenderOptions(
            service,
            [.. routes.Select(r => new SenderDestination(r.Publication.ContractOf(r.Route), r.Route.Lanes, r.Route.Codec))]
        );
        var shard = new RelayShard(
            transport.Carrier,
            service,
            $"{Environment.MachineName}/{Environment.ProcessId}",
            transport.Abilities,
            [.. routes.Select(r => new RelayDestination(r.Route.Destination, r.Publication.Contract.Name, r.Route.Lanes))]
        );
        await using var outbox = sources[0].OpenOutbox();
        _loop = new(
            shard,
            options,
            outbox,
            async stop => new MeteredSender(await transport.OpenSenderAsync(sends, stop).ConfigureAwait(false), transport.Carrier, clock),
            new(clock, entropy, logger)
        );
        await _loop.RunAsync(ct).ConfigureAwait(false);
    }
}
