namespace Statecast.Contracts;

/// <summary>Marks an immutable record as a state contract: what a source shares of one piece of its state. The generator emits everything it needs to travel.</summary>
/// <param name="name">The contract's name on every carrier, for example <c>shop.order</c>: lower-case letters, digits, <c>.</c> and <c>-</c>, at most 128 characters. Fixed for ever.</param>
/// <remarks>
/// Write a <c>sealed partial record</c> with at least one <see cref="StateKeyAttribute"/>. Its public properties travel, if they come from the constructor
/// or have <c>init</c>; computed ones do not. They hold integers, floating point, bool, string, decimal (with <see cref="DecimalAttribute"/>), Guid,
/// DateTimeOffset, DateTime, DateOnly, TimeOnly, TimeSpan, <c>ImmutableArray&lt;byte&gt;</c>, enums, nullables, sealed records, abstract records whose cases
/// are declared (<see cref="StateCaseAttribute{TCase}"/>), readonly structs, immutable arrays and lists,
/// immutable sets of scalars, and immutable dictionaries with string keys. A struct with one property travels as that property's value. Anything else is a compile-time error that
/// says what to write instead.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class StateContractAttribute(string name) : Attribute
{
    /// <summary>The contract's name.</summary>
    public string Name { get; } = name;

    /// <summary>The major schema version, from 1. Only a breaking change raises it; a new major is a new destination.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Whether states can travel as patches of earlier ones: for large states of which little changes at a time. Off by default; the generator then emits no code for it.</summary>
    public bool Patches { get; init; }
}
