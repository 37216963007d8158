using Statecast.Publishing;

namespace Statecast.Tests.Publishing;

/// <summary>A republisher's transaction over rows in memory.</summary>
internal sealed class RowsSession<TState>(Publication publication, SortedDictionary<string, TState> rows) : IRepublishSession
    where TState : class
{
    public CaptureScope Scope => MemoryCaptureStore.Scope;

    public IReadOnlyList<Publication> Publications => [publication];

    public ICaptureSet Select(Publication publication, IReadOnlyList<string> keys) =>
        new GivenStates(publication, keys.ToDictionary(k => k, k => (object?)rows.GetValueOrDefault(k)));

    public ValueTask<long?> CountRowsAsync(Publication publication, string? after) =>
        new(rows.Keys.Count(k => string.CompareOrdinal(k, after ?? "") > 0));

    public ValueTask<RowPage> ReadRowsAsync(Publication publication, string? after, int limit)
    {
        var page = rows.Keys.Where(k => string.CompareOrdinal(k, after ?? "") > 0).Take(limit).ToList();
        return new(new RowPage(page, page.Count < limit ? null : page[^1]));
    }
}
