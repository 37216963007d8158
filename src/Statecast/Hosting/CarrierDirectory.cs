using Statecast.Publishing;
using Statecast.Serialization;
using Statecast.Transport;

namespace Statecast.Hosting;

/// <summary>The service's carriers by name. Binds publications to them, also before the host started: an application may save while it sets itself up.</summary>
internal sealed class CarrierDirectory(IServiceProvider services, StatecastRegistration registration, IEnumerable<IStateCodec> codecs)
    : IPublicationBinder
{
    private readonly Lazy<IReadOnlyList<ITransport>> _transports = new(() => [.. registration.Transports.Select(t => t.Create(services))]);

    private readonly Lock _binding = new();

    /// <summary>Every carrier, made once; the first is the default.</summary>
    public IReadOnlyList<ITransport> All => _transports.Value;

    /// <summary>The carriers, if they were made: a service that ends before it began makes none to dispose them.</summary>
    public IReadOnlyList<ITransport> Made => _transports.IsValueCreated ? All : [];

    public void Bind(Publication publication)
    {
        // Two first captures of a contract may meet here.
        lock (_binding)
            if (publication.Routes.Count == 0)
                publication.Bind(
                    [
                        .. CarriersOf(publication)
                            .SelectMany(carrier =>
                                Enumerable.Range(0, publication.Editions.Count).Select(e => RouteOf(publication, e, carrier))
                            ),
                    ],
                    codecs
                );
    }

    /// <summary>A carrier by its name, or the default one.</summary>
    /// <param name="carrier">The name, or null.</param>
    /// <param name="who">Who asks, for the message.</param>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public ITransport Find(string? carrier, string who)
    {
        if (All.Count == 0)
            throw new InvalidOperationException(
                $"The service '{registration.Service}' has no carrier, but {who} needs one: add one to AddStatecast, for example .UseSqliteLog(\"./log\") of package Statecast.Sqlite."
            );
        if (carrier is null)
            return All[0];
        return All.FirstOrDefault(t => t.Carrier == carrier)
            ?? throw new InvalidOperationException(
                $"{who} names the carrier '{carrier}'; the service '{registration.Service}' has {string.Join(", ", All.Select(t => $"'{t.Carrier}'"))}. Add it, or name one of these."
            );
    }

    private string PatchCarriers =>
        All.Where(t => t.Abilities.Patches).Select(t => $"'{t.Carrier}'").ToList() is { Count: > 0 } own
            ? string.Join(", ", own)
            : "the in-process one or RabbitMQ, of which this service has none";

    private Route RouteOf(Publication publication, int edition, string? carrier)
    {
        var transport = Find(carrier, $"the publication of '{publication.Contract.Name}'");
        var lanes = publication.Options.Lanes ?? transport.Abilities.DefaultLanes;
        if (lanes is < 1 or > 4096)
            throw new SourceException($"The publication of '{publication.Contract.Name}' asks for {lanes} lanes; allowed are 1 to 4,096.");
        if (publication.Options.Patches is not null && !transport.Abilities.Patches)
            throw new SourceException(
                $"The publication of '{publication.Contract.Name}' sends patches, but '{transport.Carrier}' does not take them: it keeps a key's last record alone, so that who comes later would find a patch without the state that it was made from. Leave the patches out of this publication, or name a carrier that takes them with Via: {PatchCarriers}."
            );
        var destination = publication.Editions[edition].Contract.Destination;
        return new(transport.Carrier, destination, lanes, transport.Abilities.DefaultCodec)
        {
            // With patches the bytes themselves travel: a patch is made from a state as it was read from its body, not from the application's object.
            Objects = publication.Options.Patches is null ? transport.Objects : null,
            Edition = edition,
        };
    }

    private static IReadOnlyList<string?> CarriersOf(Publication publication) =>
        publication.Options.Carriers is { Count: > 0 } named ? [.. named] : [null];
}
