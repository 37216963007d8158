using Microsoft.EntityFrameworkCore;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>A publication with the queries and key conversions of one model.</summary>
internal abstract class BoundPublication(EfPublication publication, AggregatePlan plan)
{
    public EfPublication Publication { get; } = publication;

    public AggregatePlan Plan { get; } = plan;

    /// <summary>Why the root's primary key cannot be the contract's key; null if it can.</summary>
    public abstract string? KeyProblem { get; }

    /// <summary>The text form of a row's key.</summary>
    public abstract string KeyText(object rowKey);

    /// <summary>The row's key of a text form.</summary>
    /// <exception cref="FormatException">The text is no key of the contract.</exception>
    public abstract object RowKeyOf(string text);

    /// <summary>Reads aggregates back and maps them, in the order of the keys. Adds the expected rows that they do not hold to <paramref name="missing"/>.</summary>
    public abstract ValueTask<IReadOnlyList<KeyState>> ReadAsync(
        DbContext context,
        IReadOnlyList<TouchedRoot> roots,
        ICollection<ExpectedRow> missing,
        bool synchronous,
        CancellationToken ct
    );

    /// <summary>The keys of the next rows in the order of the primary key.</summary>
    public abstract ValueTask<RowPage> ReadRowsAsync(DbContext context, string? after, int limit, CancellationToken ct);

    /// <summary>How many rows come after a key, or in all.</summary>
    public abstract ValueTask<long> CountRowsAsync(DbContext context, string? after, CancellationToken ct);

    /// <summary>Builds every query once, so that what the provider cannot translate is found at start.</summary>
    public abstract void CheckQueries(DbContext context);
}

/// <summary>A root that a save touched.</summary>
/// <param name="Text">The text form of its key.</param>
/// <param name="RowKey">Its primary key; null if the text is no key of the contract.</param>
/// <param name="Causes">Joined causes.</param>
internal readonly record struct TouchedRoot(string Text, object? RowKey, string? Causes)
{
    /// <summary>Changed rows that it should hold; null for none.</summary>
    public List<ExpectedRow>? Expected { get; init; }
}

/// <summary>A publication whose types are known.</summary>
internal sealed class BoundPublication<TRoot, TKey, TState>(EfPublication<TRoot, TKey, TState> publication, AggregatePlan plan)
    : BoundPublication(publication, plan)
    where TRoot : class
    where TKey : notnull
    where TState : class
{
    private readonly RootKeyMap<TKey> _keys = RootKeyMap<TKey>.For(plan);
    private readonly AggregateReader<TRoot> _reader = new(plan);
    private readonly RowWalk<TRoot> _walk = new(plan);

    public override string? KeyProblem => _keys.Problem;

    public override string KeyText(object rowKey) => publication.Contract.FormatKey(_keys.ToContract(rowKey));

    public override object RowKeyOf(string text) => _keys.ToRow(publication.Contract.ParseKey(text));

    public override async ValueTask<IReadOnlyList<KeyState>> ReadAsync(
        DbContext context,
        IReadOnlyList<TouchedRoot> roots,
        ICollection<ExpectedRow> missing,
        bool synchronous,
        CancellationToken ct
    )
    {
        // What is read back loads no more by itself: a map must use only what is read, for only that is captured when it changes.
        var lazy = context.ChangeTracker.LazyLoadingEnabled;
        context.ChangeTracker.LazyLoadingEnabled = false;
        try
        {
            return await ReadAllAsync(context, roots, missing, synchronous, ct).ConfigureAwait(false);
        }
        finally
        {
            context.ChangeTracker.LazyLoadingEnabled = lazy;
        }
    }

    private async ValueTask<IReadOnlyList<KeyState>> ReadAllAsync(
        DbContext context,
        IReadOnlyList<TouchedRoot> roots,
        ICollection<ExpectedRow> missing,
        bool synchronous,
        CancellationToken ct
    )
    {
        var states = new KeyState[roots.Count];
        var found = await _reader.ReadAsync(context, roots, synchronous, ct).ConfigureAwait(false);
        for (var i = 0; i < states.Length; i++)
        {
            foreach (var row in roots[i].Expected ?? [])
                if (found[i] is not { } read || !row.Member.Sight!.Holds(read, row.RowKey))
                    missing.Add(row);
            if (roots[i].RowKey is null)
                states[i] = new(null, new(publication.Contract.Name, roots[i].Text, "this text is no key of the contract."));
            else if (found[i] is { } root)
                states[i] = publication.Map(root, roots[i].Text, Plan);
        }
        return states;
    }

    public override async ValueTask<RowPage> ReadRowsAsync(DbContext context, string? after, int limit, CancellationToken ct)
    {
        var rows = await _walk.NextAsync(context, after is null ? null : RowKeyOf(after), limit, ct).ConfigureAwait(false);
        var texts = rows.ConvertAll(KeyText);
        return new(texts, texts.Count < limit ? null : texts[^1]);
    }

    public override ValueTask<long> CountRowsAsync(DbContext context, string? after, CancellationToken ct) =>
        _walk.CountAsync(context, after is null ? null : RowKeyOf(after), ct);

    public override void CheckQueries(DbContext context)
    {
        _reader.Check(context);
        _walk.Check(context);
    }
}
