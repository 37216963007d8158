using System.Collections.Concurrent;
using System.Threading.Channels;
using Statecast.Transport;

namespace Statecast.Conformance.Transport;

/// <summary>What targets of a faulty carrier ask their sources.</summary>
internal sealed class FaultyRequests : IStateRequests
{
    private readonly ConcurrentDictionary<string, Channel<StateRequest>> _asked = new(StringComparer.Ordinal);

    public ValueTask AskAsync(StateRequest request, CancellationToken ct) => Of(request.Destination).Writer.WriteAsync(request, ct);

    public ValueTask<StateRequest> ReceiveAsync(string destination, CancellationToken ct) => Of(destination).Reader.ReadAsync(ct);

    private Channel<StateRequest> Of(string destination) =>
        _asked.GetOrAdd(destination, static _ => Channel.CreateUnbounded<StateRequest>());
}
