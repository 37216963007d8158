using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>
/// Runs before the save's own statements and asks the database whose children the changed and deleted rows are. The tracker does not know:
/// another transaction may have moved them to another aggregate since they were loaded, and that one changes now. Rows that will be seen in the root when
/// it is read back need no question (<see cref="RowSight"/>).
/// </summary>
internal sealed class CommittedParents : OwnBatch
{
    private readonly DbContext _context;
    private readonly List<ExpectedRow> _children;
    private readonly List<(AggregateMember Member, object ParentKey)> _found = [];

    private CommittedParents(DbContext context, List<ExpectedRow> children) => (_context, _children) = (context, children);

    /// <summary>The parents as committed, each with its child's place; empty until it ran.</summary>
    public IReadOnlyList<(AggregateMember Member, object ParentKey)> Found => _found;

    /// <summary>The batch for a save; null if no row in it can have been moved.</summary>
    public static CommittedParents? For(DbContext context, AggregateShape shape, IList<IUpdateEntry> entries)
    {
        List<ExpectedRow>? children = null;
        foreach (var entry in entries)
        {
            if (entry.EntityState is not (EntityState.Modified or EntityState.Deleted))
                continue;
            foreach (var member in shape.MembersOf(entry.EntityType))
                if (member.CanMove && !IsSeenLater(entry, member) && RowKey.Of(entry, member.Row!.Properties, original: false) is { } key)
                    (children ??= []).Add(new(member, key));
        }
        return children is null ? null : new(context, children);
    }

    /// <summary>Whether the root read back will show if the tracker is wrong: not for a row that goes away with this save or to another root, or has none.</summary>
    public static bool IsSeenLater(IUpdateEntry entry, AggregateMember member) =>
        member is { CanMove: true, HoldsRootKey: true, Sight: not null }
        && entry.EntityState == EntityState.Modified
        && !member.ToParent!.Properties.Any(entry.IsModified)
        && RowKey.Of(entry, member.ToParent.Properties, original: false) is not null;

    /// <summary>Translates the queries for an aggregate, without running them.</summary>
    public static void Check(DbContext context, AggregatePlan plan)
    {
        foreach (var member in plan.Members.Select(m => m.Member).Distinct())
            if (member.CanMove)
                RowLookup.Check(context, member.Type, member.Row!, member.ToParent!.Properties);
    }

    /// <summary>The parents of rows, as this transaction sees them, each with its child's place.</summary>
    public static async ValueTask<List<(AggregateMember Member, object ParentKey)>> ReadAsync(
        DbContext context,
        IEnumerable<ExpectedRow> children,
        bool synchronous,
        CancellationToken ct
    )
    {
        var found = new List<(AggregateMember Member, object ParentKey)>();
        foreach (var group in children.GroupBy(c => c.Member))
        {
            var (member, keys) = (group.Key, group.Select(c => c.RowKey).Distinct().ToList());
            var rows = await RowLookup
                .ReadAsync(context, member.Type, member.Row!, keys, member.ToParent!.Properties, synchronous, ct)
                .ConfigureAwait(false);
            foreach (var parent in rows.Values.Select(v => RowKey.Of(v, member.ToParent.Properties)).OfType<object>().Distinct())
                found.Add((member, parent));
        }
        return found;
    }

    protected override async Task RunAsync(IRelationalConnection connection, bool synchronous, CancellationToken ct)
    {
        _found.Clear();
        _found.AddRange(await ReadAsync(_context, _children, synchronous, ct).ConfigureAwait(false));
    }
}
