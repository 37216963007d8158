using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>Compares what is published, and where, with what was published last time, and queues what that asks for. Runs at every start, in one transaction.</summary>
public static class PublishedContracts
{
    /// <summary>
    /// Queues the first republish of a contract that a carrier never had, or lacks changes of because it was not among the contract's carriers for a while;
    /// and one for a changed schema (whose old bodies, still unsent, stay readable: every row names its own schema).
    /// </summary>
    /// <param name="store">The database's SQL.</param>
    /// <param name="scope">The transaction.</param>
    /// <param name="source">The source's name.</param>
    /// <param name="publications">What it publishes, with its routes.</param>
    /// <returns>The requests that were queued.</returns>
    public static async ValueTask<IReadOnlyList<RepublishRequest>> ReconcileAsync(
        IRepublishStore store,
        CaptureScope scope,
        string source,
        IReadOnlyList<Publication> publications
    )
    {
        var known = await store.Published.ReadAsync(scope).ConfigureAwait(false);
        var queued = new List<RepublishRequest>();
        foreach (var publication in publications)
            queued.AddRange(await ReconcileAsync(store.Published, scope, source, publication, known).ConfigureAwait(false));
        await store.QueueAsync(scope, queued).ConfigureAwait(false);
        // What goes nowhere from now on misses changes: if it comes back, that is a first publication again.
        var routed = publications.SelectMany(p => p.Routes).Select(r => (r.Carrier, r.Destination)).ToHashSet();
        foreach (var gone in known.Where(k => k.Source == source && !routed.Contains((k.Carrier, k.Destination))))
            await store.Published.RemoveAsync(scope, gone).ConfigureAwait(false);
        return queued;
    }

    private static async ValueTask<IEnumerable<RepublishRequest>> ReconcileAsync(
        IPublishedStore store,
        CaptureScope scope,
        string source,
        Publication publication,
        IReadOnlyList<PublishedDestination> known
    )
    {
        var name = publication.Contract.Name;
        var first = new Dictionary<string, RepublishRequest>(StringComparer.Ordinal);
        RepublishRequest? changed = null;
        foreach (var route in publication.Routes)
        {
            var schema = publication.ContractOf(route).SchemaFingerprint;
            var last = known.FirstOrDefault(k => k.Carrier == route.Carrier && k.Destination == route.Destination);
            if (last is null)
                // Its unchanged states go to every carrier of the destination: that one has them already does no harm.
                first[route.Destination] = RepublishRequest.All(name, $"first publication on {route.Carrier}") with
                {
                    Destination = route.Destination,
                };
            else if (last.Schema != schema)
                changed = RepublishRequest.All(name, "the contract's schema changed");
            var now = new PublishedDestination(route.Carrier, route.Destination, name, source, schema, last?.FirstRepublishEnded ?? false);
            if (now != last)
                await store.WriteAsync(scope, now).ConfigureAwait(false);
        }
        // A first publication walks every key, and what has another schema by then goes everywhere.
        return changed is null || first.Count > 0 ? first.Values : [changed];
    }
}
