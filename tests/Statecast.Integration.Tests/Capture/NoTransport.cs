using Statecast.Transport;

namespace Statecast.Integration.Tests.Capture;

/// <summary>A carrier that is only named: these tests look at the outbox.</summary>
internal sealed class NoTransport(string carrier) : ITransport
{
    public string Carrier => carrier;

    public TransportAbilities Abilities { get; } =
        new()
        {
            Retained = true,
            ConditionalAppend = true,
            RequestChannel = false,
            DefaultLanes = 8,
        };

    public ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct) => throw new NotSupportedException();

    public ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct) =>
        throw new NotSupportedException();
}
