using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>Compares what is published with what was published last time, and queues what that asks for. Runs at every start, in one transaction.</summary>
public static class PublishedContracts
{
    /// <summary>
    /// Queues the first republish of a contract that was never published, and one for a changed schema (whose old bodies, still unsent, stay
    /// readable: every row names its own schema).
    /// </summary>
    /// <returns>The requests that were queued.</returns>
    public static async ValueTask<IReadOnlyList<RepublishRequest>> ReconcileAsync(
        IRepublishStore store,
        CaptureScope scope,
        IReadOnlyList<Publication> publications
    )
    {
        var known = await store.ReadPublishedAsync(scope).ConfigureAwait(false);
        var queued = new List<RepublishRequest>();
        foreach (var contract in publications.Select(p => p.Contract))
        {
            var last = known.FirstOrDefault(k => k.Destination == contract.Destination);
            if (last is null)
            {
                await store
                    .WritePublishedAsync(
                        scope,
                        new(contract.Destination, contract.Name, contract.SchemaFingerprint, FirstRepublishEnded: false)
                    )
                    .ConfigureAwait(false);
                queued.Add(RepublishRequest.All(contract.Name, "first publication") with { Destination = contract.Destination });
            }
            else if (last.Schema != contract.SchemaFingerprint)
            {
                await store.WritePublishedAsync(scope, last with { Schema = contract.SchemaFingerprint }).ConfigureAwait(false);
                queued.Add(RepublishRequest.All(contract.Name, "the contract's schema changed"));
            }
        }
        foreach (var request in queued)
            await store.QueueAsync(scope, request).ConfigureAwait(false);
        return queued;
    }
}
