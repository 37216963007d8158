using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>
/// Runs before the save's own statements and asks the database whose children the changed and deleted rows are. The tracker does not know:
/// another transaction may have moved them to another aggregate since they were loaded, and that one changes now.
/// </summary>
internal sealed class CommittedParents : OwnBatch
{
    private readonly DbContext _context;
    private readonly List<Child> _children;
    private readonly List<(AggregateMember Member, object ParentKey)> _found = [];

    private CommittedParents(DbContext context, List<Child> children) => (_context, _children) = (context, children);

    /// <summary>The parents as committed, each with its child's place; empty until it ran.</summary>
    public IReadOnlyList<(AggregateMember Member, object ParentKey)> Found => _found;

    /// <summary>The batch for a save; null if no row in it can have been moved.</summary>
    public static CommittedParents? For(DbContext context, AggregateShape shape, IList<IUpdateEntry> entries)
    {
        List<Child>? children = null;
        foreach (var entry in entries)
        {
            if (entry.EntityState is not (EntityState.Modified or EntityState.Deleted))
                continue;
            foreach (var member in shape.MembersOf(entry.EntityType))
                if (member.CanMove && RowKey.Of(entry, member.Row!.Properties, original: false) is { } key)
                    (children ??= []).Add(new(member, key));
        }
        return children is null ? null : new(context, children);
    }

    protected override async Task RunAsync(IRelationalConnection connection, bool synchronous, CancellationToken ct)
    {
        _found.Clear();
        foreach (var group in _children.GroupBy(c => c.Member))
        {
            var (member, keys) = (group.Key, group.Select(c => c.Key).Distinct().ToList());
            var rows = await RowLookup
                .ReadAsync(_context, member.Row!, keys, member.ToParent!.Properties, synchronous, ct)
                .ConfigureAwait(false);
            foreach (var parent in rows.Values.Select(RowKey.Of).OfType<object>().Distinct())
                _found.Add((member, parent));
        }
    }

    private readonly record struct Child(AggregateMember Member, object Key);
}
