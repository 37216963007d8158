using System.Data.Common;
using Statecast.Contracts;

namespace Statecast.Publishing.Explicit;

/// <summary>A publication and how its rows are read, behind its types.</summary>
internal abstract class RowsPublication
{
    private readonly List<Func<object, object?>> _olders = [];

    public abstract Publication Publication { get; }

    /// <summary>Also writes an older major, made of the state.</summary>
    public void AlsoAs<TOlder>(StateContract<TOlder> older, Func<object, object?> map)
        where TOlder : class
    {
        Publication.AlsoAs(older);
        _olders.Add(map);
    }

    /// <summary>What is written of a state: itself, and the older majors.</summary>
    public KeyState Written(string key, object? state)
    {
        if (state is null || _olders.Count == 0)
            return new(state);
        var olders = new object[_olders.Count];
        for (var i = 0; i < olders.Length; i++)
        {
            var type = Publication.Editions[i + 1].Contract.StateType.Name;
            try
            {
                if (_olders[i](state) is not { } older)
                    return new(null, new(Publication.Contract.Name, key, $"the map to {type} returned null."));
                olders[i] = older;
            }
            // The map is the user's: a save fails with its reason, a republish passes the key over.
            catch (Exception e) when (e is not OperationCanceledException)
            {
                return new(null, new(Publication.Contract.Name, key, $"the map to {type} threw {e.GetType().Name}: {e.Message}", e));
            }
        }
        return new(state) { Older = olders };
    }

    /// <summary>The state of every key, in the order given.</summary>
    public abstract ValueTask<IReadOnlyList<KeyState>> FindAsync(
        DbTransaction transaction,
        IReadOnlyList<string> keys,
        CancellationToken ct
    );

    public abstract ValueTask<RowPage> PageAsync(DbTransaction transaction, string? after, int limit, CancellationToken ct);
}

/// <inheritdoc/>
internal sealed class RowsPublication<TKey, TState>(
    StateContract<TKey, TState> contract,
    IStateRows<TKey, TState> rows,
    Publication<TState> publication
) : RowsPublication
    where TKey : notnull
    where TState : class
{
    public override Publication Publication => publication;

    public override async ValueTask<IReadOnlyList<KeyState>> FindAsync(
        DbTransaction transaction,
        IReadOnlyList<string> keys,
        CancellationToken ct
    )
    {
        var states = new KeyState[keys.Count];
        var asked = new List<TKey>(keys.Count);
        var places = new Dictionary<string, int>(keys.Count, StringComparer.Ordinal);
        for (var i = 0; i < states.Length; i++)
            if (TryParse(keys[i], out var key, out var failure))
            {
                asked.Add(key);
                places.Add(keys[i], i);
            }
            else
                states[i] = new(null, failure);
        if (asked.Count > 0)
            foreach (var state in await rows.FindAsync(transaction, asked, ct).ConfigureAwait(false))
                Place(states, places, state);
        return states;
    }

    public override async ValueTask<RowPage> PageAsync(DbTransaction transaction, string? after, int limit, CancellationToken ct)
    {
        var page = new KeyPage<TKey>(after is null, after is null ? default! : contract.ParseKey(after), limit);
        var keys = await rows.NextKeysAsync(transaction, page, ct).ConfigureAwait(false);
        if (keys.Count > limit)
            throw new SourceException(
                $"{rows.GetType().Name} returned {keys.Count} keys of {contract.Name} where at most {limit} were asked for. Limit the query in NextKeysAsync."
            );
        string[] texts = [.. keys.Select(contract.FormatKey)];
        if (after is not null && texts.Contains(after))
            throw new SourceException(
                $"{rows.GetType().Name} returned the key '{after}' of {contract.Name} again, after which it was to go on: the walk would never end. Ask for keys above it in NextKeysAsync."
            );
        return new(texts, texts.Length < limit ? null : texts[^1]);
    }

    private void Place(KeyState[] states, Dictionary<string, int> places, TState state)
    {
        var text = contract.KeyTextOf(state);
        if (!places.TryGetValue(text, out var place))
            throw new SourceException(
                $"{rows.GetType().Name} returned the key '{text}' of {contract.Name}, which was not asked for. Return the states of the keys given to FindAsync."
            );
        states[place] = Written(text, state);
    }

    private bool TryParse(string text, out TKey key, out CaptureException? failure)
    {
        try
        {
            (key, failure) = (contract.ParseKey(text), null);
            return true;
        }
        // A head of an older kind of key: reported for this key, it must not hold up the others.
        catch (FormatException e)
        {
            (key, failure) = (default!, new(contract.Name, text, $"the key cannot be read: {e.Message}", e));
            return false;
        }
    }
}
