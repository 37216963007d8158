using Microsoft.CodeAnalysis;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Finds the key's parts and checks that each has a text form.</summary>
internal static class KeyReader
{
    public static EquatableArray<string> Read(INamedTypeSymbol contract, RecordShape state, Findings findings)
    {
        var keys = new List<string>();
        foreach (var property in state.Properties)
        {
            var symbol = contract.GetMembers(property.Name).OfType<IPropertySymbol>().First();
            if (Attributes.Find(symbol, TypeReader.ParameterOf(contract, symbol), "StateKeyAttribute") is null)
                continue;
            keys.Add(property.Name);
            if (!HasText(property.Value))
                findings.Add(KeyRules.BadKeyPart, symbol, property.Name, Names.Shown(symbol.Type));
        }
        if (keys.Count == 0)
            findings.Add(KeyRules.NoKey, contract, contract.Name);
        if (keys.Count > 1 && contract.GetMembers("Key").Any(m => !IsGenerated(m)))
            findings.Add(KeyRules.KeyNameTaken, contract, contract.Name);
        return keys.ToEquatable();
    }

    // The analyzer sees the contract with what the generator added to it.
    private static bool IsGenerated(ISymbol member) =>
        member.DeclaringSyntaxReferences.All(r => r.SyntaxTree.FilePath.EndsWith(".g.cs", StringComparison.Ordinal));

    private static bool HasText(ValueShape value) =>
        value switch
        {
            WrapperShape wrapper => HasText(wrapper.Inner),
            EnumShape => true,
            ScalarShape { Scalar: Scalar.String or Scalar.Guid or Scalar.DateOnly } => true,
            ScalarShape { Scalar: >= Scalar.SByte and <= Scalar.UInt64 } => true,
            _ => false,
        };
}
