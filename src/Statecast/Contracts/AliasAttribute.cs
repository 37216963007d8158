namespace Statecast.Contracts;

/// <summary>
/// An earlier name, so that states written before a rename are still read: on a property its earlier name on the wire (<c>customerName</c>),
/// on a record or an enum its earlier type name, on a case of a closed hierarchy its earlier case name.
/// </summary>
/// <param name="name">The earlier name.</param>
[AttributeUsage(
    AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum,
    AllowMultiple = true,
    Inherited = false
)]
public sealed class AliasAttribute(string name) : Attribute
{
    /// <summary>The earlier name.</summary>
    public string Name { get; } = name;
}
