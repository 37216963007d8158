using Microsoft.CodeAnalysis;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Checks that there is a key, and that each of its parts has a text form.</summary>
internal static class KeyChecker
{
    public static void Check(INamedTypeSymbol contract, RecordShape state, Findings findings)
    {
        var keys = state.Properties.Where(p => p.IsKey).ToList();
        foreach (var property in contract.GetMembers().OfType<IPropertySymbol>())
            if (keys.FirstOrDefault(k => k.Name == property.Name) is { } key)
            {
                if (!HasText(key.Value))
                    findings.Add(KeyRules.BadKeyPart, property, property.Name, Names.Shown(property.Type));
            }
            else if (Attributes.All(property, "StateKeyAttribute").Any())
                findings.Add(KeyRules.NotTravelling, property, property.Name);
        if (keys.Count == 0)
            findings.AddMendable(KeyRules.NoKey, contract, Likely(state), contract.Name);
        if (keys.Count > 1 && contract.GetMembers("Key").Any(m => !IsGenerated(m)))
            findings.Add(KeyRules.KeyNameTaken, contract, contract.Name);
    }

    // What looks like an id; else the first that could be one.
    private static (string, string)[] Likely(RecordShape state)
    {
        var possible = state.Properties.Where(p => HasText(p.Value)).ToList();
        var likely = possible.FirstOrDefault(p => p.Name.EndsWith("Id", StringComparison.Ordinal)) ?? possible.FirstOrDefault();
        return likely is null ? [] : [(MendKeys.Key, likely.Name)];
    }

    // The analyzer sees the contract with what the generator added to it.
    public static bool IsGenerated(ISymbol member) =>
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
