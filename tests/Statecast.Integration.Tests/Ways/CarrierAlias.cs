using Statecast.Transport;

namespace Statecast.Integration.Tests.Ways;

/// <summary>A second carrier of a service: another log under another name.</summary>
internal sealed class CarrierAlias(string carrier, ITransport inner) : ITransport, IAsyncDisposable
{
    public string Carrier => carrier;

    public TransportAbilities Abilities => inner.Abilities;

    public ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct) => inner.OpenSenderAsync(options, ct);

    public ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct) =>
        inner.OpenReceiverAsync(options, ct);

    public ValueTask DisposeAsync() => inner is IAsyncDisposable disposable ? disposable.DisposeAsync() : ValueTask.CompletedTask;
}
