using Microsoft.CodeAnalysis;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Reads an abstract record whose cases are declared on it.</summary>
internal sealed class HierarchyReader(TypeReader types, Compilation compilation, INamedTypeSymbol contract, Findings findings)
{
    private const string CaseAttribute = "StateCaseAttribute`1";

    /// <summary>The cases that a type declares, in the order of declaration.</summary>
    public static IReadOnlyList<(INamedTypeSymbol Type, string Name)> Declared(INamedTypeSymbol root) =>
        [
            .. Attributes
                .All(root, CaseAttribute)
                .Where(a => a.AttributeClass!.TypeArguments[0] is INamedTypeSymbol)
                .Select(a =>
                    ((INamedTypeSymbol)a.AttributeClass!.TypeArguments[0], a.ConstructorArguments is [{ Value: string name }] ? name : "")
                ),
        ];

    /// <summary>Says if a type derives from a closed hierarchy and is not declared: its states would be refused at capture.</summary>
    public static void CheckDeclared(INamedTypeSymbol type, Findings findings)
    {
        if (type.BaseType is not { } root || !Attributes.All(root, CaseAttribute).Any())
            return;
        if (!Declared(root).Any(c => SymbolEqualityComparer.Default.Equals(c.Type, type)))
        {
            var name = Names.Camel(type.Name);
            findings.AddMendable(CaseRules.UndeclaredCase, type, [(MendKeys.Case, name)], type.Name, root.Name, name);
        }
    }

    /// <summary>The hierarchy's shape; null if a finding says why there is none.</summary>
    public HierarchyShape? Read(INamedTypeSymbol root)
    {
        if (root.BaseType is { SpecialType: not SpecialType.System_Object } parent)
        {
            findings.Add(ValueRules.Inherits, root, root.Name, parent.Name, "whose properties would not travel: repeat them");
            return null;
        }
        var cases = new List<RecordShape>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var complete = true;
        foreach (var (type, name) in Declared(root))
            if (ReadCase(root, type, name, names) is { } shape)
                cases.Add(shape);
            else
                complete = false;
        return complete ? new(Names.Of(root), root.Name, cases.ToEquatable()) : null;
    }

    private RecordShape? ReadCase(INamedTypeSymbol root, INamedTypeSymbol type, string name, HashSet<string> names)
    {
        if (Problem(root, type) is { } problem)
        {
            findings.AddMendable(CaseRules.BadCase, root, [(MendKeys.Type, Names.Shown(type))], type.Name, root.Name, problem);
            return null;
        }
        if (!Names.IsWireName(name))
        {
            findings.Add(
                CaseRules.BadCaseName,
                root,
                type.Name,
                root.Name,
                name,
                "use ASCII letters, digits and '_', not beginning with a digit"
            );
            return null;
        }
        if (types.ReadCase(root, type, name) is not { } shape)
            return null;
        foreach (var taken in shape.Aliases.Prepend(name).Where(n => !names.Add(n)))
            findings.Add(CaseRules.BadCaseName, root, type.Name, root.Name, taken, "another case or alias has it too; rename one");
        return shape;
    }

    private string? Problem(INamedTypeSymbol root, INamedTypeSymbol type) =>
        type.IsGenericType ? "a generic type has no one name in a schema; declare a record of its own"
        : type is not { IsRecord: true, IsSealed: true } || !SymbolEqualityComparer.Default.Equals(type.BaseType, root)
            ? $"it must be a sealed record that derives from it directly. Write 'sealed record {type.Name}(…) : {root.Name}'."
        : Declared(root).Count(c => SymbolEqualityComparer.Default.Equals(c.Type, type)) > 1
            ? "it is declared twice; for a new name keep the earlier one as [Alias] on its record"
        : type.IsFileLocal || !compilation.IsSymbolAccessibleWithin(type, contract)
            ? "the contract cannot see it; make it as visible as the contract"
        : null;
}
