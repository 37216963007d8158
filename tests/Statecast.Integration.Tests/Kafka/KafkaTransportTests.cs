using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Conformance.Transport;
using Statecast.Kafka;
using Statecast.Kafka.Transport;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

[Collection(KafkaCollection.Name)]
public sealed class KafkaTransportTests(KafkaFixture kafka) : RetainedTransportConformance, IAsyncLifetime
{
    private readonly List<KafkaTransport> _made = [];
    private string _servers = "";

    public async ValueTask InitializeAsync() => _servers = await kafka.EmptyAsync();

    protected override bool DeliversWhatIsThere => false;

    protected override ITransport Create()
    {
        var transport = new KafkaTransport(
            new KafkaOptions { BootstrapServers = _servers, TopicLookInterval = TimeSpan.FromMilliseconds(200) },
            logger: NullLogger<KafkaTransport>.Instance
        );
        _made.Add(transport);
        return transport;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _made)
            await transport.DisposeAsync();
    }
}
