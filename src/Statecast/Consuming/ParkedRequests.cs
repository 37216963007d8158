using System.Collections.Concurrent;
using System.Threading.Channels;
using Statecast.Events;
using Statecast.Replicas;

namespace Statecast.Consuming;

/// <summary>What the apply loop is asked for between deliveries.</summary>
/// <param name="Key">The key; null for all that is parked.</param>
/// <param name="Drop">Whether to drop instead of trying again.</param>
internal sealed record ParkedRequest(string? Key, bool Drop)
{
    /// <summary>Set where the key's stored state turned out to be none: it is to be parked.</summary>
    public (StateRevision Revision, string Reason)? Unreadable { get; init; }

    /// <summary>Told how many were worked on.</summary>
    public TaskCompletionSource<int> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Requests to one replica's apply loop, from any thread. They outlive a loop that fails and starts again, and end when the service stops.</summary>
internal sealed class ParkedRequests
{
    private readonly Channel<ParkedRequest> _requests = Channel.CreateUnbounded<ParkedRequest>();

    // Whoever reads an unreadable row says so, as often as it is read, and while the loop waits for its store: one request a key is enough.
    private readonly ConcurrentDictionary<string, bool> _unreadable = new(StringComparer.Ordinal);

    /// <summary>Asks for another try or the end of parked events; answers how many it were.</summary>
    /// <exception cref="InvalidOperationException">The service stops before it is done.</exception>
    public Task<int> AskAsync(string? key, bool drop, CancellationToken ct)
    {
        var request = new ParkedRequest(key, drop);
        return _requests.Writer.TryWrite(request) ? request.Done.Task.WaitAsync(ct) : Task.FromException<int>(Stopped());
    }

    /// <summary>A reader found that a row's body is no state: the row is parked, unless a newer one came.</summary>
    public void Unreadable(ReplicaRow row, string reason)
    {
        if (_unreadable.TryAdd(row.Key, true))
            _requests.Writer.TryWrite(new(row.Key, false) { Unreadable = (row.Revision, reason) });
    }

    /// <summary>Waits for a request.</summary>
    public Task WaitAsync(CancellationToken ct) => _requests.Reader.WaitToReadAsync(ct).AsTask();

    /// <summary>The next request; null if there is none. What is found unreadable from now on is another.</summary>
    public ParkedRequest? Take()
    {
        if (!_requests.Reader.TryRead(out var request))
            return null;
        if (request.Unreadable is not null)
            _unreadable.TryRemove(request.Key!, out _);
        return request;
    }

    /// <summary>Nothing is worked on any more: who waits is told so.</summary>
    public void Close()
    {
        _requests.Writer.TryComplete();
        while (_requests.Reader.TryRead(out var request))
            Refuse(request);
    }

    /// <summary>The service stops in the midst of a request.</summary>
    public static void Refuse(ParkedRequest request) => request.Done.TrySetException(Stopped());

    private static InvalidOperationException Stopped() =>
        new("The service stops: what is parked is worked on by the next one that opens the replica. Ask again there.");
}
