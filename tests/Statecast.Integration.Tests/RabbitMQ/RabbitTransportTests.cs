using Statecast.Conformance.Transport;
using Statecast.RabbitMQ.Transport;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

[Collection(RabbitCollection.Name)]
public sealed class RabbitTransportTests(RabbitFixture rabbit) : TransportConformance, IAsyncLifetime
{
    private readonly List<RabbitMQTransport> _made = [];
    private RabbitPlace? _place;

    public async ValueTask InitializeAsync() => _place = await rabbit.PlaceAsync();

    protected override bool DeliversWhatIsThere => false;

    protected override ITransport Create()
    {
        var transport = new RabbitMQTransport(_place!.Options());
        _made.Add(transport);
        return transport;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _made)
            await transport.DisposeAsync();
        if (_place is not null)
            await _place.DisposeAsync();
    }
}
