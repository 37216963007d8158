using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Update;
using Statecast.EntityFrameworkCore.Shape;
using Statecast.Events;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>The roots that a save touched, found from current and original foreign keys, whether the root is loaded or not.</summary>
internal sealed class TouchedRoots(AggregateShape shape)
{
    private readonly Dictionary<AggregatePlan, Dictionary<object, string?>> _roots = [];
    private Dictionary<(AggregatePlan, object), List<ExpectedRow>>? _expected;
    private IUpdateAdapter? _adapter;
    private List<UnknownParent>? _unknown;

    /// <summary>Parents whose rows must be asked for the way on, once; null if there is none.</summary>
    public List<UnknownParent>? TakeUnknown()
    {
        var unknown = _unknown;
        _unknown = null;
        return unknown;
    }

    /// <summary>Adds what the entries touch. Called after the save's statements ran, when generated keys are known.</summary>
    public void AddEntries(
        IList<IUpdateEntry> entries,
        IUpdateAdapter adapter,
        CaptureSession session,
        CommittedParents? parents,
        CascadedRows? cascaded
    )
    {
        _adapter = adapter;
        foreach (var (member, key) in parents?.Found ?? [])
            AddParent(member, key, session.Cause);
        foreach (var (member, key) in cascaded?.Found ?? [])
            if (member.ToParent is null)
                AddRoot(member.Plan, key, session.Cause);
            else
                AddParent(member, key, session.Cause);
        foreach (var entry in entries)
        foreach (var member in shape.MembersOf(entry.EntityType))
        {
            Climb(entry, member, session.Cause);
            if (CommittedParents.IsSeenLater(entry, member))
                Expect(entry, member);
        }
        if (session.HasEntityCauses)
            AddEntityCauses(session);
    }

    /// <summary>Adds the key that a row at this place has as its parent.</summary>
    public void AddParent(AggregateMember member, object parentKey, string? causes, bool onlyCauses = false)
    {
        if (member.HoldsRootKey)
        {
            AddRoot(member.Plan, parentKey, causes, onlyCauses);
            return;
        }
        var parent = member.Parent!;
        var tracked = _adapter!.TryGetEntry(member.ToParent!.PrincipalKey, RowKey.Values(parentKey));
        if (tracked is not null && (onlyCauses || IsCertain(tracked, parent)))
            Climb(tracked, parent, causes, onlyCauses);
        else
            (_unknown ??= []).Add(new(parent, member.ToParent.PrincipalKey, parentKey, causes, onlyCauses));
    }

    public void AddRoot(AggregatePlan plan, object rowKey, string? causes, bool onlyCauses = false)
    {
        if (!_roots.TryGetValue(plan, out var roots))
        {
            if (onlyCauses)
                return;
            _roots[plan] = roots = [];
        }
        if (!roots.TryGetValue(rowKey, out var known))
        {
            if (!onlyCauses)
                roots[rowKey] = causes;
        }
        else if (causes is not null && !ReferenceEquals(known, causes))
            roots[rowKey] = Causes.Join(known, causes);
    }

    /// <summary>What to capture, one set per publication.</summary>
    public IReadOnlyList<EfCaptureSet> Sets(DbContext context)
    {
        var sets = new List<EfCaptureSet>(_roots.Count);
        foreach (var (plan, roots) in _roots)
        {
            var publication = shape[plan];
            var touched = new List<TouchedRoot>(roots.Count);
            foreach (var (rowKey, causes) in roots)
                touched.Add(new(publication.KeyText(rowKey), rowKey, causes) { Expected = _expected?.GetValueOrDefault((plan, rowKey)) });
            sets.Add(new EfCaptureSet(context, publication, touched));
        }
        return sets;
    }

    private void Climb(IUpdateEntry entry, AggregateMember member, string? causes, bool onlyCauses = false)
    {
        if (member.ToParent is null)
        {
            // A root's key never changes while it is tracked.
            if (RowKey.Of(entry, member.Plan.Key, original: false) is { } key)
                AddRoot(member.Plan, key, causes, onlyCauses);
            return;
        }
        var properties = member.ToParent.Properties;
        var now = RowKey.Of(entry, properties, original: false);
        if (now is not null)
            AddParent(member, now, causes, onlyCauses);
        if (entry.EntityState == EntityState.Added || !HasOriginal(entry, properties))
            return;
        // Moved or cut off: the parent it left has changed as well.
        if (RowKey.Of(entry, properties, original: true) is { } before && !before.Equals(now))
            AddParent(member, before, causes, onlyCauses);
    }

    private void Expect(IUpdateEntry entry, AggregateMember member)
    {
        var row = RowKey.Of(entry, member.Row!.Properties, original: false)!;
        var root = RowKey.Of(entry, member.ToParent!.Properties, original: false)!;
        _expected ??= [];
        if (!_expected.TryGetValue((member.Plan, root), out var rows))
            _expected.Add((member.Plan, root), rows = []);
        rows.Add(new(member, row));
    }

    private void AddEntityCauses(CaptureSession session)
    {
        // A cause may be given to an entity that did not change itself, for example to the root of changed lines.
        foreach (var entry in _adapter!.Entries)
            if (shape.MembersOf(entry.EntityType) is { Count: > 0 } members && session.CauseOf(entry.ToEntityEntry().Entity) is { } cause)
                foreach (var member in members)
                    Climb(entry, member, cause, onlyCauses: true);
    }

    // What this save wrote itself is certain; what was only read may have been moved since, by another transaction.
    private static bool IsCertain(IUpdateEntry entry, AggregateMember member) =>
        !member.CanMove || entry.EntityState == EntityState.Added || member.ToParent!.Properties.Any(entry.IsModified);

    private static bool HasOriginal(IUpdateEntry entry, IReadOnlyList<IProperty> properties)
    {
        foreach (var property in properties)
            if (!entry.CanHaveOriginalValue(property))
                return false;
        return true;
    }
}

/// <summary>A row between a changed one and its root of which the context does not know for certain whose child it is.</summary>
/// <param name="Member">The row's place in the aggregate.</param>
/// <param name="Key">The key by which it is known.</param>
/// <param name="Value">That key's value.</param>
/// <param name="Causes">Causes on their way to the root.</param>
/// <param name="OnlyCauses">Whether nothing but the causes is on its way.</param>
internal sealed record UnknownParent(AggregateMember Member, IKey Key, object Value, string? Causes, bool OnlyCauses);
