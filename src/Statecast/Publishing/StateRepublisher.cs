using Statecast.Contracts;
using Statecast.Outbox;

namespace Statecast.Publishing;

/// <summary>
/// Publishes states again: after rows were changed past capture (a migration, a bulk statement, another program), or after a map or a predicate changed.
/// The work is queued in the source's database and done in the background, in chunks, while writes go on; it survives a restart.
/// </summary>
/// <param name="sources">The service's sources.</param>
public sealed class StateRepublisher(IEnumerable<IStateSource> sources)
{
    private readonly IReadOnlyList<IStateSource> _sources = [.. sources];

    /// <summary>Queues every key of a contract. States that did not change travel as Snapshot at the revision they have, and run no handlers.</summary>
    /// <param name="reason">Why, for people.</param>
    /// <param name="ct">Ends the call.</param>
    /// <exception cref="SourceException">No source of this service publishes the contract.</exception>
    public ValueTask RepublishAsync<TState>(string reason = "asked for", CancellationToken ct = default)
        where TState : class, IStateContract<TState>
    {
        var contract = TState.Contract;
        return SourceOf(contract).RequestRepublishAsync(RepublishRequest.All(contract.Name, reason), ct);
    }

    /// <summary>Queues some keys of a contract.</summary>
    /// <param name="keys">The keys, of the contract's key type.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="ct">Ends the call.</param>
    /// <exception cref="SourceException">No source of this service publishes the contract.</exception>
    /// <exception cref="ArgumentException">A key is not of the contract's key type.</exception>
    public async ValueTask RepublishAsync<TState>(IEnumerable<object> keys, string reason = "asked for", CancellationToken ct = default)
        where TState : class, IStateContract<TState>
    {
        var contract = TState.Contract;
        var source = SourceOf(contract);
        foreach (var text in keys.Select(contract.FormatKeyObject).Distinct(StringComparer.Ordinal).ToList())
            await source.RequestRepublishAsync(new(contract.Name, text, 0, KeyText.Buckets - 1, null, reason), ct).ConfigureAwait(false);
    }

    private IStateSource SourceOf(StateContract contract) =>
        _sources.FirstOrDefault(s => s.Publications.Any(p => p.Contract.Name == contract.Name))
        ?? throw new SourceException($"No source of this service publishes {contract.Name}.");
}
