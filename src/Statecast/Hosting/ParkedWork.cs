using Statecast.Replicas;

namespace Statecast.Hosting;

/// <summary>Parked events and stalled handler changes of a service's replicas.</summary>
internal sealed class ParkedWork(IReadOnlyDictionary<string, ReplicaRuntime> replicas) : IParkedWork
{
    public IAsyncEnumerable<ParkedEvent> EventsAsync(string replica, CancellationToken ct) =>
        Of(replica).Subscription.Store.Inbox.ParkedAsync(ct);

    public Task<int> RetryAsync(string replica, string? key, CancellationToken ct) =>
        Of(replica).Apply.Requests.AskAsync(key, drop: false, ct);

    public Task<int> DropAsync(string replica, string? key, CancellationToken ct) =>
        Of(replica).Apply.Requests.AskAsync(key, drop: true, ct);

    public IAsyncEnumerable<PendingChange> StalledAsync(string replica, CancellationToken ct) =>
        Of(replica).Subscription.Store.Inbox.StalledAsync(ct);

    public Task<bool> RetryStalledAsync(string replica, string handler, string key, CancellationToken ct) =>
        Resolve(replica, handler, key, drop: false, ct);

    public Task<bool> DropStalledAsync(string replica, string handler, string key, CancellationToken ct) =>
        Resolve(replica, handler, key, drop: true, ct);

    private async Task<bool> Resolve(string replica, string handler, string key, bool drop, CancellationToken ct)
    {
        var runtime = Of(replica);
        var found = await runtime.Subscription.Store.Inbox.ResolveAsync(handler, key, drop, ct).ConfigureAwait(false);
        if (runtime.Handlers is { } handlers)
            await handlers.WakeAsync(ct).ConfigureAwait(false);
        return found;
    }

    private ReplicaRuntime Of(string replica) =>
        replicas.TryGetValue(replica, out var runtime)
            ? runtime
            : throw new ArgumentException(
                $"There is no replica '{replica}' here; there are {string.Join(", ", replicas.Keys.Select(k => $"'{k}'"))}.",
                nameof(replica)
            );
}
