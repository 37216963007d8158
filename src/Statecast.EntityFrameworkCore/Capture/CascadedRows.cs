using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>
/// Runs before the save's own statements and asks which published rows the database will delete or change by itself, because a row that they refer to
/// is deleted: directly or over other tables. The tracker knows only those of them that happen to be loaded. Too many are no harm: what did not change
/// publishes nothing.
/// </summary>
internal sealed class CascadedRows : OwnBatch
{
    private readonly DbContext _context;
    private readonly List<Start> _starts;
    private readonly List<(AggregateMember Member, object Key)> _found = [];

    private CascadedRows(DbContext context, List<Start> starts) => (_context, _starts) = (context, starts);

    /// <summary>The roots reached, by their own keys, and the other rows reached, by their parents'. Empty until it ran.</summary>
    public IReadOnlyList<(AggregateMember Member, object Key)> Found => _found;

    /// <summary>The batch for a save; null if it deletes nothing that a cascade could start from.</summary>
    public static CascadedRows? For(DbContext context, AggregateShape shape, IList<IUpdateEntry> entries)
    {
        List<Start>? starts = null;
        foreach (var entry in entries)
        {
            if (entry.EntityState != EntityState.Deleted)
                continue;
            foreach (var paths in shape.CascadesFrom(entry.EntityType))
                if (RowKey.Of(entry, entry.EntityType.FindPrimaryKey()!.Properties, original: false) is { } key)
                    (starts ??= []).Add(new(paths, entry.EntityType, key));
        }
        return starts is null ? null : new(context, starts);
    }

    protected override async Task RunAsync(IRelationalConnection connection, bool synchronous, CancellationToken ct)
    {
        _found.Clear();
        foreach (var start in _starts.GroupBy(s => s.Paths))
        {
            var seen = start.Select(s => (s.Type.GetRootType(), s.Key)).ToHashSet();
            var reached = new Queue<(IEntityType Type, List<object> Keys)>(
                start.GroupBy(s => s.Type).Select(g => (g.Key, g.Select(s => s.Key).Distinct().ToList()))
            );
            while (reached.TryDequeue(out var rows))
                foreach (var step in start.Key.From(rows.Type))
                {
                    var leadsOn = step.Deletes && start.Key.From(step.Rows).Count > 0;
                    var deleted = await FollowAsync(step, rows.Keys, leadsOn, synchronous, ct).ConfigureAwait(false);
                    deleted.RemoveAll(k => !seen.Add((step.Rows.GetRootType(), k)));
                    if (deleted.Count > 0)
                        reached.Enqueue((step.Rows, deleted));
                }
        }
    }

    /// <summary>Notes the places that a step reaches.</summary>
    /// <returns>The keys of the rows, if the way leads on from them.</returns>
    private async ValueTask<List<object>> FollowAsync(
        CascadeStep step,
        List<object> principals,
        bool leadsOn,
        bool synchronous,
        CancellationToken ct
    )
    {
        var onward = new List<object>();
        var values = await ReferredAsync(step.Key, principals, synchronous, ct).ConfigureAwait(false);
        foreach (var (place, touches) in step.Queries(leadsOn))
        {
            var wanted = Wanted(place.Rows, touches);
            foreach (var row in await RowLookup.ReadAsync(_context, place, values, wanted, synchronous, ct).ConfigureAwait(false))
            {
                var primary = place.Rows.FindPrimaryKey()!.Properties;
                var next = primary.Count;
                var key = RowKey.Of(row[..next], primary)!;
                if (leadsOn && place.Rows == step.Rows)
                    onward.Add(key);
                foreach (var member in touches)
                    if (member.ToParent is null)
                        _found.Add((member, key));
                    else if (RowKey.Of(row[next..(next += member.ToParent.Properties.Count)], member.ToParent.Properties) is { } parent)
                        _found.Add((member, parent));
            }
        }
        return onward;
    }

    // What refers to them may do so by an alternate key, which a row deleted by a stub does not have.
    private async ValueTask<IReadOnlyList<object>> ReferredAsync(
        IForeignKey key,
        List<object> principals,
        bool synchronous,
        CancellationToken ct
    )
    {
        var primary = key.PrincipalEntityType.FindPrimaryKey()!;
        if (key.PrincipalKey == primary)
            return principals;
        var place = new RowPlace(key.PrincipalEntityType, default, primary.Properties);
        var rows = await RowLookup
            .ReadAsync(_context, place, principals, key.PrincipalKey.Properties, synchronous, ct)
            .ConfigureAwait(false);
        return [.. rows.Select(r => RowKey.Of(r, key.PrincipalKey.Properties)).OfType<object>().Distinct()];
    }

    /// <summary>The row's own key, then its parents'.</summary>
    private static IReadOnlyList<IProperty> Wanted(IEntityType rows, IReadOnlyList<AggregateMember> touches) =>
        [.. rows.FindPrimaryKey()!.Properties, .. touches.SelectMany(m => m.ToParent?.Properties ?? [])];

    /// <summary>Translates the queries of a way, without running them.</summary>
    public static void Check(DbContext context, CascadeStep step)
    {
        if (
            RowKey.Of([.. step.Key.PrincipalKey.Properties.Select(KeyComparison.Sample)], step.Key.PrincipalKey.Properties)
            is not { } sample
        )
            return;
        foreach (var (place, touches) in step.Queries(all: true))
            RowLookup.Check(context, place, sample, Wanted(place.Rows, touches));
    }

    private readonly record struct Start(CascadePaths Paths, IEntityType Type, object Key);
}
