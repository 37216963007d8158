namespace Statecast.Contracts;

/// <summary>Marks a property as the key of its contract, or as one part of a composite key. Parts stand in the order of declaration.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter, Inherited = false)]
public sealed class StateKeyAttribute : Attribute;
