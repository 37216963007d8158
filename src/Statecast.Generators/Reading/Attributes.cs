using Microsoft.CodeAnalysis;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Finds our attributes by name: the core is not referenced by a compiler's plug-in.</summary>
internal static class Attributes
{
    public const string Namespace = "Statecast.Contracts";
    public const string StateContract = Namespace + ".StateContractAttribute";

    /// <summary>An attribute of a property, or of the positional parameter that it comes from.</summary>
    public static AttributeData? Find(IPropertySymbol property, IParameterSymbol? parameter, string name) =>
        All(property, parameter, name).FirstOrDefault();

    public static IEnumerable<AttributeData> All(IPropertySymbol property, IParameterSymbol? parameter, string name) =>
        All(property, name).Concat(parameter is null ? [] : All(parameter, name)).Concat(Inherited(property, name));

    // A case repeats the positional properties of its root as parameters; what is said of them on the root holds too.
    private static IEnumerable<AttributeData> Inherited(IPropertySymbol property, string name) =>
        property.ContainingType is { IsRecord: true, IsAbstract: true } root
            ? root
                .InstanceConstructors.SelectMany(c => c.Parameters)
                .Where(p => p.Name == property.Name && SymbolEqualityComparer.Default.Equals(p.Type, property.Type))
                .SelectMany(p => All(p, name))
            : [];

    public static IEnumerable<AttributeData> All(ISymbol symbol, string name) =>
        symbol.GetAttributes().Where(a => a.AttributeClass is { } type && Names.Is(type, Namespace, name));

    /// <summary>The earlier names that a set of attributes gives.</summary>
    public static EquatableArray<string> Aliases(IEnumerable<AttributeData> attributes, ISymbol at, Findings findings)
    {
        var aliases = new List<string>();
        foreach (var attribute in attributes)
        {
            var alias = attribute.ConstructorArguments is [{ Value: string text }] ? text : "";
            if (!Names.IsWireName(alias))
                findings.Add(WireRules.BadAlias, at, Names.Shown(at), alias);
            else if (!aliases.Contains(alias))
                aliases.Add(alias);
        }
        return aliases.ToEquatable();
    }
}
