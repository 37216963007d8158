using System.Diagnostics;
using Statecast.Replicas;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>A store of which each commit takes a while for as long as somebody says so.</summary>
internal sealed class SlowStore(IReplicaStore inner, TimeSpan delay, Func<bool> isSlow) : IReplicaStore
{
    public IReplicaInbox Inbox => inner.Inbox;

    public ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct) => inner.OpenAsync(layout, ct);

    public async ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct)
    {
        for (var clock = Stopwatch.StartNew(); keys.Count > 0 && isSlow() && clock.Elapsed < delay; )
            await Task.Delay(20, ct);
        return await inner.BeginAsync(keys, ct);
    }

    public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct) => inner.FindAsync(key, ct);

    public IAsyncEnumerable<ReplicaRow> EnumerateAsync(CancellationToken ct) => inner.EnumerateAsync(ct);

    public IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, CancellationToken ct) => inner.QueryAsync(index, value, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
