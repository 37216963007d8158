using System.Globalization;
using Statecast.Contracts;
using Statecast.Serialization;

namespace Statecast.Replicas;

/// <summary>A declared index of a replica: one or many values a state, by a generated field or by delegates, so that nothing is compiled at run time.</summary>
/// <typeparam name="TState">The state.</typeparam>
public abstract class StateIndex<TState>
    where TState : class
{
    private protected StateIndex(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
    }

    /// <summary>The index's name within its replica.</summary>
    public string Name { get; }

    /// <summary>Whether the values are read from a body without the state.</summary>
    internal abstract bool ReadsField { get; }

    internal abstract void Collect(TState state, List<IndexEntry> entries);

    /// <summary>Collects from a body, where <see cref="ReadsField"/>.</summary>
    internal abstract void Collect(
        StateContract<TState> contract,
        IStateCodec codec,
        Fingerprint schema,
        ReadOnlyMemory<byte> body,
        List<IndexEntry> entries
    );
}

/// <summary>A declared index whose value type is known.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TValue">What is looked up: string, Guid, integer, enum, DateOnly, bool or anything whose invariant text form tells values apart.</typeparam>
public sealed class StateIndex<TState, TValue> : StateIndex<TState>
    where TState : class
    where TValue : notnull
{
    private readonly Func<TState, IEnumerable<TValue>> _values;
    private readonly StateField<TState, TValue>? _field;

    internal StateIndex(string name, Func<TState, IEnumerable<TValue>> values)
        : base(name) => _values = values;

    internal StateIndex(string name, StateField<TState, TValue> field)
        : this(name, state => field.TryGet(state, out var value) ? [value] : []) => _field = field;

    internal override bool ReadsField => _field is not null;

    internal override void Collect(TState state, List<IndexEntry> entries)
    {
        var first = entries.Count;
        foreach (var value in _values(state))
        {
            var entry = new IndexEntry(Name, TextOf(value));
            if (entries.IndexOf(entry, first) < 0)
                entries.Add(entry);
        }
    }

    internal override void Collect(
        StateContract<TState> contract,
        IStateCodec codec,
        Fingerprint schema,
        ReadOnlyMemory<byte> body,
        List<IndexEntry> entries
    )
    {
        if (codec.TryReadField(contract, _field!, schema, body, out var value))
            entries.Add(new(Name, TextOf(value)));
    }

    /// <summary>
    /// Equal values have equal texts, whatever carrier held them: a value that came as bytes was cut to what travels, one that was handed along as an object was
    /// not. A change of these texts raises <see cref="StateIndex.TextVersion"/>.
    /// </summary>
    internal static string TextOf(TValue value) =>
        value switch
        {
            string text => text,
            Enum => value.ToString() ?? "",
            DateTimeOffset instant => TextOf(ValueDomain.Instant(instant)),
            // One of no kind counts as UTC, as in a body; a local one has no body, and comes from a delegate or a query.
            DateTime instant => TextOf(
                ValueDomain.Instant(new DateTimeOffset(instant.Kind == DateTimeKind.Local ? instant : new(instant.Ticks, DateTimeKind.Utc)))
            ),
            TimeOnly time => ValueDomain.Cut(time).ToString("O", CultureInfo.InvariantCulture),
            TimeSpan time => ValueDomain.Cut(time).ToString("c", CultureInfo.InvariantCulture),
            // Without trailing zeros, and zero without a sign.
            decimal number => number == 0 ? "0" : number.ToString(Digits, CultureInfo.InvariantCulture),
            0d or 0f => "0",
            IFormattable formattable => formattable.ToString(value is DateOnly ? "O" : null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };

    // As many as a decimal can have after the point.
    private const string Digits = "0.############################";

    private static string TextOf(DateTime utc) => utc.ToString("O", CultureInfo.InvariantCulture);
}

/// <summary>Declares indexes.</summary>
public static class StateIndex
{
    /// <summary>The form of the values' texts: a replica that keeps another one's builds its entries anew.</summary>
    internal const int TextVersion = 2;

    /// <summary>
    /// An index over one field; a null value leaves the state out. A replica whose indexes are all of this kind, without handlers and in memory, reads those fields
    /// alone when a state arrives: the state itself is made when it is first read.
    /// </summary>
    /// <param name="field">The field, for example <c>OrderState.Fields.CustomerId</c>.</param>
    /// <param name="name">The index's name; null for the field's.</param>
    public static StateIndex<TState, TValue> On<TState, TValue>(StateField<TState, TValue> field, string? name = null)
        where TState : class
        where TValue : notnull => new(name ?? field.Name, field);

    /// <summary>An index with one value a state; a null value leaves the state out.</summary>
    public static StateIndex<TState, TValue> On<TState, TValue>(string name, Func<TState, TValue?> value)
        where TState : class
        where TValue : class => new(name, state => value(state) is { } v ? [v] : []);

    /// <summary>An index with one value a state.</summary>
    public static StateIndex<TState, TValue> OnValue<TState, TValue>(string name, Func<TState, TValue> value)
        where TState : class
        where TValue : struct => new(name, state => [value(state)]);

    /// <summary>An index with any number of values a state.</summary>
    public static StateIndex<TState, TValue> OnMany<TState, TValue>(string name, Func<TState, IEnumerable<TValue>> values)
        where TState : class
        where TValue : notnull => new(name, values);
}
