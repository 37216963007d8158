using Microsoft.CodeAnalysis;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Finds a contract's upcasters: static methods named <c>Upcast</c> that make its state of an older major's.</summary>
internal static class UpcasterReader
{
    private const string Name = "Upcast";
    private const string KeyAttribute = "StateKeyAttribute";

    public static IReadOnlyList<UpcasterShape> Read(INamedTypeSymbol contract, string name, int major, Findings findings)
    {
        var upcasters = new List<UpcasterShape>();
        foreach (var method in contract.GetMembers(Name).OfType<IMethodSymbol>().Where(m => m.MethodKind == MethodKind.Ordinary))
        {
            var (from, problem) = Check(contract, method, name, major);
            if (problem is not null)
                findings.Add(UpcasterRules.BadUpcaster, method, contract.Name, problem);
            else if (upcasters.Any(u => u.Major == from))
                findings.Add(UpcasterRules.BadUpcaster, method, contract.Name, $"there is another one from version {from}");
            else
                upcasters.Add(new(method.Parameters[0].Type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat), from));
        }
        // The order of declaration says nothing, and must not make the generated file another one.
        return [.. upcasters.OrderBy(u => u.Major)];
    }

    private static (int Major, string? Problem) Check(INamedTypeSymbol contract, IMethodSymbol method, string name, int major)
    {
        if (
            method is not { IsStatic: true, IsGenericMethod: false, Parameters: [{ RefKind: RefKind.None } parameter] }
            || !SymbolEqualityComparer.Default.Equals(method.ReturnType, contract)
        )
            return (0, $"it is no static method with one parameter that returns {contract.Name}");
        if (parameter.Type is not INamedTypeSymbol old || ContractReader.Identity(old) is not { } identity)
            return (0, $"{parameter.Type.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat)} is no [StateContract]");
        if (identity.Name != name)
            return (0, $"{old.Name} is the contract '{identity.Name}', this is '{name}'");
        if (identity.Major >= major)
            return (0, $"{old.Name} has version {identity.Major}, which is not below {major}");
        // Its text is what a state is in every major. Types may differ that have one text; a composite key and a simple one never have.
        return KeyParts(old) is var was && KeyParts(contract) is var now && was != now
            ? (
                0,
                $"the key of {old.Name} has {was} part(s), that of {contract.Name} {now}, and a state has one key in all majors: for another key publish another contract"
            )
            : (identity.Major, null);
    }

    private static int KeyParts(INamedTypeSymbol state) =>
        state
            .GetMembers()
            .OfType<IPropertySymbol>()
            .Count(property =>
                Attributes.All(property, KeyAttribute).Any()
                || state.InstanceConstructors.Any(c =>
                    c.Parameters.Any(p => p.Name == property.Name && Attributes.All(p, KeyAttribute).Any())
                )
            );
}
