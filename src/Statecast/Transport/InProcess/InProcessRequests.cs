using System.Collections.Concurrent;
using Statecast.Hosting;

namespace Statecast.Transport.InProcess;

/// <summary>Requests within this process. What is asked twice before it is received is asked once.</summary>
internal sealed class InProcessRequests : IStateRequests
{
    private readonly ConcurrentDictionary<string, Box> _boxes = new(StringComparer.Ordinal);

    public ValueTask AskAsync(StateRequest request, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var box = BoxOf(request.Destination);
        lock (box.Keys)
            box.Keys.UnionWith(request.Keys);
        box.Asked.Signal();
        return ValueTask.CompletedTask;
    }

    public async ValueTask<StateRequest> ReceiveAsync(string destination, CancellationToken ct)
    {
        var box = BoxOf(destination);
        while (true)
        {
            string[] keys;
            lock (box.Keys)
            {
                keys = [.. box.Keys];
                box.Keys.Clear();
            }
            if (keys.Length > 0)
                return new(destination, keys);
            await box.Asked.WaitAsync(ct).ConfigureAwait(false);
        }
    }

    private Box BoxOf(string destination) => _boxes.GetOrAdd(destination, static _ => new());

    private sealed class Box
    {
        public HashSet<string> Keys { get; } = new(StringComparer.Ordinal);

        public AsyncSignal Asked { get; } = new();
    }
}
