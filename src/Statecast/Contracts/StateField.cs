using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Statecast.Serialization.Avro.Reading;
using Statecast.Serialization.Avro.Resolving;

namespace Statecast.Contracts;

/// <summary>
/// One field of a state, which can be read from a body by itself: what stands before it is passed over, what stands behind it is not looked at, and no state is made.
/// Generated for every top-level property that an index can be over: <c>OrderState.Fields.CustomerId</c>.
/// </summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TValue">The field's type, without its nullability.</typeparam>
public sealed class StateField<TState, TValue>
    where TState : class
    where TValue : notnull
{
    private readonly FieldOfState<TState, TValue> _ofState;
    private readonly byte[] _wireName;

    /// <summary>Called by generated code.</summary>
    /// <param name="name">Its name on the wire.</param>
    /// <param name="number">Its place among the record's fields.</param>
    /// <param name="ofState">Takes it from a state.</param>
    /// <param name="ofJson">Reads it, on its value.</param>
    /// <param name="ofAvro">Reads it by its plan.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public StateField(string name, int number, FieldOfState<TState, TValue> ofState, FieldOfJson<TValue> ofJson, FieldOfAvro<TValue> ofAvro)
    {
        (Name, Number, _ofState, OfJson, OfAvro) = (name, number, ofState, ofJson, ofAvro);
        _wireName = Encoding.UTF8.GetBytes(name);
    }

    /// <summary>Its name in JSON and Avro, for example <c>customerId</c>.</summary>
    public string Name { get; }

    internal int Number { get; }

    internal ReadOnlySpan<byte> WireName => _wireName;

    internal FieldOfJson<TValue> OfJson { get; }

    internal FieldOfAvro<TValue> OfAvro { get; }

    /// <summary>The field of a state; false if it is null.</summary>
    public bool TryGet(TState state, [MaybeNullWhen(false)] out TValue value) => _ofState(state, out value);
}

/// <summary>Takes a field from a state; false if it is null.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate bool FieldOfState<in TState, TValue>(TState state, [MaybeNullWhen(false)] out TValue value);

/// <summary>Reads a field's JSON; false if it is null.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate bool FieldOfJson<TValue>(ref Utf8JsonReader reader, [MaybeNullWhen(false)] out TValue value);

/// <summary>Reads a field's Avro; false if it is null.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate bool FieldOfAvro<TValue>(ref AvroReader reader, AvroPlan plan, [MaybeNullWhen(false)] out TValue value);
