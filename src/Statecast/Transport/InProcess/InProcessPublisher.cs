using Statecast.Consuming;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;

namespace Statecast.Transport.InProcess;

/// <summary>Publishes to a source without a database, and waits for its replica in this service as far as the mode says.</summary>
internal sealed class InProcessPublisher(InProcessSource source, IReplicaDirectory replicas, TimeProvider clock)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(2);

    /// <summary>Whether it is this source's.</summary>
    public bool Publishes(StateWrite write) => source.Publications.Any(p => p.Contract.Destination == write.Contract.Destination);

    public async ValueTask<IReadOnlyList<StateToken>> PublishAsync(IReadOnlyList<StateWrite> writes, CancellationToken ct)
    {
        RequireRunning();
        foreach (var write in writes)
            if (replicas.SubscriptionOf(write.Contract.Destination) is { Status.WasLive: false } replica)
                await UntilLive(replica, ct).ConfigureAwait(false);
        // All before the first is out: a value that cannot travel must not leave half of them published.
        var accepted = new InProcessWrite[writes.Count];
        for (var i = 0; i < accepted.Length; i++)
            accepted[i] = source.Accept(writes[i]);
        var tokens = new List<StateToken>(writes.Count);
        List<Waiting>? waiting = null;
        try
        {
            foreach (var write in accepted)
                if (Publish(write, tokens) is { } wait)
                    (waiting ??= new(1)).Add(wait);
            if (waiting is not null)
                await UntilDone(waiting, ct).ConfigureAwait(false);
            return tokens;
        }
        finally
        {
            foreach (var each in waiting ?? [])
                each.Replica.Watches.Remove(each.Watch);
        }
    }

    private Waiting? Publish(InProcessWrite accepted, List<StateToken> tokens)
    {
        var write = accepted.Write;
        var replica = source.Mode == InProcessMode.Queued ? null : replicas.SubscriptionOf(write.Contract.Destination);
        // Set up before the event is accepted: the replica may be faster than this thread.
        var watch = replica?.Watches.Add(write.Key, handlersToo: !HandlerLoop.IsCaller);
        var published = false;
        try
        {
            (var token, published) = source.Publish(accepted);
            if (token is not null)
                tokens.Add(token);
            if (!published || watch is null)
                return null;
            replica!.Watches.Want(watch, token!.Revision);
            return new(replica, watch);
        }
        finally
        {
            if (!published && watch is not null)
                replica!.Watches.Remove(watch);
        }
    }

    /// <summary>Each to its end: a handler that throws must hide neither that others still run nor what they throw.</summary>
    private static async Task UntilDone(List<Waiting> waiting, CancellationToken ct)
    {
        // Most publish one state: nothing is allocated to join one wait.
        var all = waiting.Count == 1 ? waiting[0].Watch.Done : Task.WhenAll(waiting.Select(w => w.Watch.Done));
        try
        {
            await all.WaitAsync(ct).ConfigureAwait(false);
        }
        // One failure may end several waits: of two states of one key that were joined, or of all when the host stops.
        catch when (all.Exception?.InnerExceptions.Distinct().ToList() is { Count: > 1 } failures)
        {
            throw new AggregateException(failures);
        }
    }

    /// <summary>Before a replica was complete its handlers are silent: what is published now must not be lost to them.</summary>
    private async Task UntilLive(Subscription replica, CancellationToken ct)
    {
        while (!replica.Status.WasLive)
        {
            RequireRunning();
            await Task.Delay(LookAgain, clock, ct).ConfigureAwait(false);
        }
    }

    private void RequireRunning()
    {
        if (!replicas.IsRunning)
            throw new SourceException(
                "Nothing can be published without a database before the host has started or once it stops: publish between the two. A hosted service that publishes when it starts is added after AddStatecast."
            );
    }

    private readonly record struct Waiting(Subscription Replica, ChangeWatch Watch);
}
