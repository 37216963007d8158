using Microsoft.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Capture;
using Statecast.EntityFrameworkCore.Shape;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore;

/// <summary>The republisher's view of one transaction of a context.</summary>
internal sealed class EfRepublishSession(
    DbContext context,
    AggregateShape shape,
    IReadOnlyList<Publication> publications,
    CaptureScope scope
) : IRepublishSession
{
    public CaptureScope Scope => scope;

    public IReadOnlyList<Publication> Publications => publications;

    public ICaptureSet Select(Publication publication, IReadOnlyList<string> keys)
    {
        var bound = Bound(publication);
        return new EfCaptureSet(context, bound, [.. keys.Select(k => new TouchedRoot(k, RowKeyOrNone(bound, k), null))]);
    }

    public ValueTask<RowPage> ReadRowsAsync(Publication publication, string? after, int limit) =>
        Bound(publication).ReadRowsAsync(context, after, limit, scope.CancellationToken);

    public async ValueTask<long?> CountRowsAsync(Publication publication, string? after) =>
        await Bound(publication).CountRowsAsync(context, after, scope.CancellationToken).ConfigureAwait(false);

    private BoundPublication Bound(Publication publication) => shape.Publications.First(p => p.Publication.Publication == publication);

    private static object? RowKeyOrNone(BoundPublication bound, string key)
    {
        try
        {
            return bound.RowKeyOf(key);
        }
        catch (FormatException)
        {
            // Reported by the capture set as this key's failure: it must not hold up the others.
            return null;
        }
    }
}
