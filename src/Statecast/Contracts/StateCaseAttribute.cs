namespace Statecast.Contracts;

/// <summary>
/// Declares one case of a closed hierarchy: on an abstract record, once for each sealed record that derives from it. A property of the abstract type
/// then holds any of them.
/// </summary>
/// <remarks>
/// The declared name travels, never the type's own: as <c>$type</c> in JSON, as the record's name in Avro's union. A case added later is an additive
/// change: targets built before it park the states that hold it, under their keys and with the reason, and read all others. Declare it last: the order
/// is the order of the union's branches. An <see cref="AliasAttribute"/> on the case's record is an earlier case name.
/// </remarks>
/// <typeparam name="TCase">A sealed record that derives from the abstract one.</typeparam>
/// <param name="name">The case's name on the wire, for example <c>card</c>: ASCII letters, digits and <c>_</c>. Distinct among all type names of a contract.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class StateCaseAttribute<TCase>(string name) : Attribute
    where TCase : class
{
    /// <summary>The case's name on the wire.</summary>
    public string Name { get; } = name;
}
