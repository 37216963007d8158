using Microsoft.Extensions.Logging;
using Statecast.Diagnostics;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Transport;

namespace Statecast.Hosting;

/// <summary>Opens what one relay works on, and runs it.</summary>
internal sealed class RelayRunner(
    IStateSource source,
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

    public string Name => $"relay {source.Name} to {transport.Carrier}";

    public string Carrier => transport.Carrier;

    /// <summary>The source's name.</summary>
    public string Source => source.Name;

    /// <summary>What the running relay says of itself; null before it runs.</summary>
    public RelayStatus? Status => _loop?.Status;

    public DateTimeOffset LastBeat => _loop?.Status.LastStep ?? _made;

    public async Task RunAsync(CancellationToken ct)
    {
        var routes = source
            .Publications.SelectMany(p => p.Routes.Where(r => r.Carrier == transport.Carrier).Select(r => (Publication: p, Route: r)))
            .ToList();
        var sends = new SenderOptions(
            service,
            [.. routes.Select(r => new SenderDestination(r.Publication.Contract, r.Route.Lanes, r.Route.Codec))]
        );
        var shard = new RelayShard(
            transport.Carrier,
            service,
            $"{Environment.MachineName}/{Environment.ProcessId}",
            transport.Abilities,
            [.. routes.Select(r => new RelayDestination(r.Route.Destination, r.Publication.Contract.Name, r.Route.Lanes))]
        );
        await using var outbox = source.OpenOutbox();
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
