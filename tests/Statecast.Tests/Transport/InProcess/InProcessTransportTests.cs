using Statecast.Conformance.Transport;
using Statecast.Hosting;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Statecast.Transport;
using Statecast.Transport.InProcess;

namespace Statecast.Tests.Transport.InProcess;

/// <summary>The in-process carrier keeps every promise of a log that appends by the guard.</summary>
public sealed class InProcessTransportTests : ConditionalTransportConformance
{
    private readonly InProcessTransport _transport = New();

    protected override ITransport Create() => _transport;

    internal static InProcessTransport New(InProcessOptions? options = null) =>
        new(options ?? new(), new Dictionary<string, IStateCodec> { ["json"] = new JsonStateCodec() }, SystemEntropy.Instance);
}
