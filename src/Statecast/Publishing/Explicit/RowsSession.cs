using System.Data.Common;

namespace Statecast.Publishing.Explicit;

/// <summary>The republisher's view of one transaction.</summary>
internal sealed class RowsSession(IReadOnlyList<RowsPublication> rows, DbTransaction transaction, bool onlyReads, CancellationToken ct)
    : IRepublishSession
{
    public CaptureScope Scope { get; } = new(transaction.Connection!, transaction, Synchronous: false, ct) { OnlyReads = onlyReads };

    public IReadOnlyList<Publication> Publications => [.. rows.Select(r => r.Publication)];

    public ICaptureSet Select(Publication publication, IReadOnlyList<string> keys) =>
        new RowsCaptureSet(Of(publication), transaction, keys);

    public ValueTask<RowPage> ReadRowsAsync(Publication publication, string? after, int limit) =>
        Of(publication).PageAsync(transaction, after, limit, ct);

    private RowsPublication Of(Publication publication) => rows.First(r => r.Publication == publication);
}
