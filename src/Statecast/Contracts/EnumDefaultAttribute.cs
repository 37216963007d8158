namespace Statecast.Contracts;

/// <summary>Marks the enum member that a reader takes for a symbol it does not know. Without one, a state with a member added later is parked by older readers.</summary>
[AttributeUsage(AttributeTargets.Field, Inherited = false)]
public sealed class EnumDefaultAttribute : Attribute;
