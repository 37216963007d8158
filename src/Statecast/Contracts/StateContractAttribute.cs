namespace Statecast.Contracts;

/// <summary>Marks an immutable record as a state contract: what a source shares of one piece of its state. The generator emits everything it needs to travel.</summary>
/// <param name="name">The contract's name on every carrier, for example <c>shop.order</c>: lower-case letters, digits, <c>.</c> and <c>-</c>, at most 128 characters. Fixed for ever.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class StateContractAttribute(string name) : Attribute
{
    /// <summary>The contract's name.</summary>
    public string Name { get; } = name;

    /// <summary>The major schema version, from 1. Only a breaking change raises it; a new major is a new destination.</summary>
    public int Version { get; init; } = 1;
}
