using Microsoft.CodeAnalysis;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Reads an enum: its members' names are its symbols, in the order of declaration.</summary>
internal static class EnumReader
{
    public static EnumShape? Read(INamedTypeSymbol type, IPropertySymbol property, Findings findings)
    {
        var members = type.GetMembers().OfType<IFieldSymbol>().Where(f => f.HasConstantValue).ToList();
        if (Problem(type, members) is { } problem)
        {
            findings.Add(EnumRules.BadEnum, property, type.Name, problem);
            return null;
        }
        var byDefault = members.Where(m => Attributes.All(m, "EnumDefaultAttribute").Any()).ToList();
        if (byDefault.Count > 1)
        {
            findings.Add(EnumRules.BadEnum, property, type.Name, "only one member can be its [EnumDefault]");
            return null;
        }
        if (byDefault.Count == 0)
            findings.AddMendable(EnumRules.EnumWithoutDefault, property, [(MendKeys.Type, Names.Shown(type))], type.Name);
        return new(
            Names.Of(type),
            type.Name,
            members.Select(m => m.Name).ToEquatable(),
            byDefault.FirstOrDefault()?.Name,
            Attributes.Aliases(Attributes.All(type, "AliasAttribute"), property, findings)
        );
    }

    private static string? Problem(INamedTypeSymbol type, List<IFieldSymbol> members)
    {
        if (members.Count == 0)
            return "it has no members";
        if (type.GetAttributes().Any(a => a.AttributeClass is { } attribute && Names.Is(attribute, "System", "FlagsAttribute")))
            return "a combination of flags has no name; write an ImmutableArray of the flags, or an integer";
        if (members.GroupBy(m => m.ConstantValue).FirstOrDefault(g => g.Count() > 1) is { } same)
            return $"its members {string.Join(" and ", same.Select(m => m.Name))} have one value; give each its own";
        return members.FirstOrDefault(m => !Names.IsWireName(m.Name)) is { } odd
            ? $"its member {odd.Name} is no name in Avro; use ASCII"
            : null;
    }
}
